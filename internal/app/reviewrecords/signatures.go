// SPDX-License-Identifier: Apache-2.0

package reviewrecords

import (
	"errors"
	"fmt"
	"os"
	"time"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/signature"
	"syncer.dev/syncer/internal/reviewed"
)

// namespace is the namespace of the SSH signatures of reviews (ssh-keygen -Y sign -n).
const namespace = "syncer-review"

// verifier returns what checks the signatures of reviews, nil if unsigned ones count; and the keys as text.
func verifier(signers string) (verify reviewed.Verify, text string, err error) {
	if signers == "" {
		return nil, "", nil
	}
	data, err := os.ReadFile(signers)
	if err != nil {
		return nil, "", fmt.Errorf("read the signers of reviews (configuration: policy.review.signers): %w", err)
	}
	keys, err := signature.ParseSigners(data, namespace)
	if err != nil {
		return nil, "", fmt.Errorf("read the signers of reviews %s (configuration: policy.review.signers): %w", signers, err)
	}
	return func(text []byte, sig string, at time.Time) (string, error) {
		return keys.VerifyText(text, []byte(sig), at)
	}, string(data), nil
}

// signing returns what signs reviews: the key of status commits, if it is one of SSH. It is nil without a key. A
// key of OpenPGP signs none, which is an error only where unsigned reviews do not count.
func signing(c config.Config) (reviewed.Sign, error) {
	signer, ok := statusbranch.Signer(c).(signature.Signer)
	if !ok {
		return nil, nil
	}
	sign := func(text []byte) (string, error) {
		sig, err := signer.SignText(text, namespace)
		return string(sig), err
	}
	if _, err := sign(nil); errors.Is(err, signature.ErrNotSSH) && c.Policy.Review.Signers == "" {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("sign reviews (configuration: status.signing): %w", err)
	}
	return sign, nil
}

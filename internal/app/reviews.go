// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/signature"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
)

// Reviews keeps what reviewers were shown, on the status branch.
type Reviews struct {
	Branch *git.Branch
	Config config.Config
}

// ReviewsOf returns the reviews of the configured cluster.
func ReviewsOf(repo *git.Repository, c config.Config) Reviews {
	return Reviews{Branch: repo.Branch(c.Status.Branch), Config: c}
}

// Records reads the records that count.
func (r Reviews) Records(ctx context.Context, now time.Time) (reviewed.Records, error) {
	verify, err := reviewVerifier(r.Config.Policy.Review.Signers)
	if err != nil {
		return reviewed.Records{}, err
	}
	files, _, err := r.Branch.Read(ctx, reviewed.Dir(r.Config.Cluster))
	if err != nil {
		return reviewed.Records{}, fmt.Errorf("read the reviews: %w", err)
	}
	return reviewed.Read(r.Config.Cluster, files, verify, now), nil
}

// Write writes records in one commit, and removes what is too old or too many. It writes nothing if the branch shows
// the same values already, and returns "". Several processes may write at once: none loses what another has written.
func (r Reviews) Write(ctx context.Context, records []reviewed.Record, now time.Time) (commit string, err error) {
	if len(records) == 0 {
		return "", nil
	}
	c := r.Config
	sign, err := reviewSigner(c)
	if err != nil {
		return "", err
	}
	hash, changed, err := r.Branch.Commit(ctx, git.Change{
		Dir:     reviewed.Dir(c.Cluster),
		Message: status.ReviewMessage(c.Cluster, Version(), records),
		When:    now,
		Author:  c.Status.Author.Name,
		Email:   c.Status.Author.Email,
		Signer:  statusSigner(c),
		Edit: func(present map[string][]byte) (map[string][]byte, error) {
			return reviewed.Add(present, c.Cluster, records, sign, c.Policy.Review.MaxAge, now)
		},
	})
	if err != nil {
		return "", fmt.Errorf("write the reviews: %w", err)
	}
	if !changed {
		return "", nil
	}
	return string(hash), nil
}

// reviewNamespace is the namespace of the SSH signatures of reviews (ssh-keygen -Y sign -n).
const reviewNamespace = "syncer-review"

// reviewVerifier returns what checks the signatures of reviews; nil if unsigned ones count.
func reviewVerifier(signers string) (reviewed.Verify, error) {
	if signers == "" {
		return nil, nil
	}
	data, err := os.ReadFile(signers)
	if err != nil {
		return nil, fmt.Errorf("read the signers of reviews (configuration: policy.review.signers): %w", err)
	}
	keys, err := signature.ParseSigners(data, reviewNamespace)
	if err != nil {
		return nil, fmt.Errorf("read the signers of reviews %s (configuration: policy.review.signers): %w", signers, err)
	}
	return func(text []byte, sig string, at time.Time) (string, error) {
		return keys.VerifyText(text, []byte(sig), at)
	}, nil
}

// reviewSigner returns what signs reviews: the key of status commits, if it is one of SSH. It is nil without a key. A key
// of OpenPGP signs none, which is an error only where unsigned reviews do not count.
func reviewSigner(c config.Config) (reviewed.Sign, error) {
	signer, ok := statusSigner(c).(signature.Signer)
	if !ok {
		return nil, nil
	}
	sign := func(text []byte) (string, error) {
		sig, err := signer.SignText(text, reviewNamespace)
		return string(sig), err
	}
	if _, err := sign(nil); errors.Is(err, signature.ErrNotSSH) && c.Policy.Review.Signers == "" {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("sign reviews (configuration: status.signing): %w", err)
	}
	return sign, nil
}

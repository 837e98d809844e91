// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// ErrUnsigned means that a commit has no signature.
var ErrUnsigned = errors.New("it is not signed")

// Verify returns who signed a commit object, at its committer's time when. The error is ErrUnsigned, or says why the
// signature does not count.
func (k *Keys) Verify(commit []byte, when, now time.Time) (signer string, err error) {
	payload, sig, err := split(commit)
	switch {
	case err != nil:
		return "", err
	case len(sig) == 0:
		return "", ErrUnsigned
	case bytes.HasPrefix(sig, []byte("-----BEGIN SSH SIGNATURE-----")):
		return k.verifySSH(payload, sig, when)
	case bytes.HasPrefix(sig, []byte("-----BEGIN PGP SIGNATURE-----")):
		return k.verifyPGP(payload, sig, when, now)
	}
	return "", errors.New("its signature is neither one of OpenPGP nor one of SSH")
}

// VerifyText returns who signed a text at the time when, with an armored SSH signature. The error is ErrUnsigned, or says
// why the signature does not count.
func (k *Keys) VerifyText(text, armored []byte, when time.Time) (signer string, err error) {
	if len(armored) == 0 {
		return "", ErrUnsigned
	}
	return k.verifySSH(text, armored, when)
}

func (k *Keys) verifySSH(payload, armored []byte, when time.Time) (string, error) {
	sig, err := sshsig.Unarmor(armored)
	if err != nil {
		return "", fmt.Errorf("its SSH signature cannot be read: %w", err)
	}
	print := ssh.FingerprintSHA256(sig.PublicKey)
	for _, known := range k.ssh {
		if !bytes.Equal(known.key.Marshal(), sig.PublicKey.Marshal()) {
			continue
		}
		if !known.after.IsZero() && when.Before(known.after) || !known.before.IsZero() && !when.Before(known.before) {
			return "", fmt.Errorf("the key %s of %s was not valid at the time", print, known.name)
		}
		if err := sshsig.Verify(bytes.NewReader(payload), sig, known.key, sig.HashAlgorithm, k.namespace); err != nil {
			return "", fmt.Errorf("its signature is wrong: %w", err)
		}
		return known.name, nil
	}
	return "", fmt.Errorf("it is signed with the SSH key %s, which is not among the allowed signers", print)
}

// leeway is how much later than its commit a signature may be made: gpg asks for a passphrase in between.
const leeway = time.Hour

// verifyPGP accepts a key that is valid now, or was when the commit was made.
func (k *Keys) verifyPGP(payload, armored []byte, when, now time.Time) (string, error) {
	var first error
	for _, at := range []time.Time{now, when.Add(leeway)} {
		config := &packet.Config{Time: func() time.Time { return at }}
		signer, err := openpgp.CheckArmoredDetachedSignature(
			k.pgp, bytes.NewReader(payload), bytes.NewReader(armored), config)
		if err == nil {
			return nameOf(signer), nil
		}
		if first == nil {
			first = err
		}
	}
	return "", fmt.Errorf("its OpenPGP signature does not count: %w", first)
}

func nameOf(e *openpgp.Entity) string {
	if id := e.PrimaryIdentity(); id != nil {
		return id.Name
	}
	return e.PrimaryKey.KeyIdString()
}

// split takes the signature out of a commit object (gitformat-signature): the header gpgsig, whose further lines begin
// with a space.
func split(commit []byte) (payload, sig []byte, err error) {
	rest := commit
	inside, seen := false, false
	for len(rest) > 0 && rest[0] != '\n' {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		whole := rest[:min(len(rest), len(line)+1)]
		rest = after
		value, begins := bytes.CutPrefix(line, []byte("gpgsig "))
		switch {
		case begins && seen:
			return nil, nil, errors.New("it has two signatures")
		case begins:
			inside, seen = true, true
			sig = append(append(sig, value...), '\n')
		case bytes.HasPrefix(line, []byte("gpgsig-")):
			return nil, nil, errors.New("it has a signature for another object format")
		case inside && len(line) > 0 && line[0] == ' ':
			sig = append(append(sig, line[1:]...), '\n')
		default:
			inside = false
			payload = append(payload, whole...)
		}
	}
	return append(payload, rest...), sig, nil
}

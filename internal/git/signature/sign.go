// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Signer signs with a private key. The file is read for each signature, so that the key may be rotated.
type Signer struct {
	KeyFile string // an SSH key, or an armored OpenPGP key
	// Passphrase returns what opens the key; nil if it needs none.
	Passphrase func() (string, error)
}

// Sign returns the armored signature of a commit object.
func (s Signer) Sign(commit []byte) ([]byte, error) {
	data, passphrase, err := s.read()
	if err != nil {
		return nil, err
	}
	var armored []byte
	if isPGP(data) {
		armored, err = signPGP(data, passphrase, commit)
	} else {
		armored, err = signSSH(data, passphrase, commit, namespace)
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyFile, err)
	}
	return append(bytes.TrimRight(armored, "\n"), '\n'), nil
}

// SignText returns the armored SSH signature of a text in a namespace. The error is ErrNotSSH for a key of OpenPGP.
func (s Signer) SignText(text []byte, namespace string) ([]byte, error) {
	data, passphrase, err := s.read()
	if err == nil && isPGP(data) {
		err = ErrNotSSH
	}
	if err != nil {
		return nil, err
	}
	armored, err := signSSH(data, passphrase, text, namespace)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyFile, err)
	}
	return append(bytes.TrimRight(armored, "\n"), '\n'), nil
}

// ErrNotSSH means that a key of OpenPGP cannot sign a text that needs an SSH signature.
var ErrNotSSH = errors.New("the key is one of OpenPGP, and reviews are signed with an SSH key")

func isPGP(key []byte) bool { return bytes.Contains(key, []byte("-----BEGIN PGP")) }

// read reads the key, and what opens it.
func (s Signer) read() (key []byte, passphrase string, err error) {
	if key, err = os.ReadFile(s.KeyFile); err != nil {
		return nil, "", fmt.Errorf("read signing key: %w", err)
	}
	if s.Passphrase != nil {
		if passphrase, err = s.Passphrase(); err != nil {
			return nil, "", fmt.Errorf("read passphrase of the signing key: %w", err)
		}
	}
	return key, passphrase, nil
}

var errLocked = errors.New("the key is protected by a passphrase, or the passphrase is wrong: " +
	"status.signing.passphraseFile and status.signing.passphraseEnv say where it is")

func signSSH(key []byte, passphrase string, text []byte, namespace string) ([]byte, error) {
	signer, err := ssh.ParsePrivateKey(key)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if signer, err = ssh.ParsePrivateKeyWithPassphrase(key, []byte(passphrase)); err != nil {
			return nil, errLocked
		}
	}
	if err != nil {
		return nil, errors.New("it is no private key")
	}
	sig, err := sshsig.Sign(bytes.NewReader(text), signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

func signPGP(key []byte, passphrase string, commit []byte) ([]byte, error) {
	entities, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	if err != nil || len(entities) == 0 || entities[0].PrivateKey == nil {
		return nil, errors.New("it is no private key")
	}
	signer := entities[0]
	if err := signer.DecryptPrivateKeys([]byte(passphrase)); err != nil {
		return nil, errLocked
	}
	var out bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&out, signer, bytes.NewReader(commit), nil); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

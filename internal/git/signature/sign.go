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
	data, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	passphrase := ""
	if s.Passphrase != nil {
		if passphrase, err = s.Passphrase(); err != nil {
			return nil, fmt.Errorf("read passphrase of the signing key: %w", err)
		}
	}
	var armored []byte
	if bytes.Contains(data, []byte("-----BEGIN PGP")) {
		armored, err = signPGP(data, passphrase, commit)
	} else {
		armored, err = signSSH(data, passphrase, commit)
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyFile, err)
	}
	return append(bytes.TrimRight(armored, "\n"), '\n'), nil
}

var errLocked = errors.New("the key is protected by a passphrase, or the passphrase is wrong: " +
	"status.signing.passphraseFile and status.signing.passphraseEnv say where it is")

func signSSH(key []byte, passphrase string, commit []byte) ([]byte, error) {
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
	sig, err := sshsig.Sign(bytes.NewReader(commit), signer, sshsig.HashSHA512, namespace)
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

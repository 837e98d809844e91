// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

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
	k, err := s.Open()
	if err != nil {
		return nil, err
	}
	return k.Sign(commit)
}

// SignText returns the armored SSH signature of a text in a namespace. The error is ErrNotSSH for a key of OpenPGP.
func (s Signer) SignText(text []byte, namespace string) ([]byte, error) {
	data, _, err := s.read()
	if err == nil && isPGP(data) {
		err = ErrNotSSH
	}
	if err != nil {
		return nil, err
	}
	k, err := s.Open()
	if err != nil {
		return nil, err
	}
	return k.sign(text, namespace)
}

// Open reads the key, to sign several commits with it.
func (s Signer) Open() (*Key, error) {
	data, passphrase, err := s.read()
	if err != nil {
		return nil, err
	}
	k := &Key{file: s.KeyFile}
	if isPGP(data) {
		k.pgp, err = openPGP(data, passphrase)
	} else {
		k.ssh, err = openSSH(data, passphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyFile, err)
	}
	return k, nil
}

// Key is a private key that was opened.
type Key struct {
	file string
	ssh  ssh.Signer
	pgp  *openpgp.Entity
}

// Sign returns the armored signature of a commit object.
func (k *Key) Sign(commit []byte) ([]byte, error) { return k.sign(commit, namespace) }

// Made reports whether this key has signed a commit object, at its committer's time when.
func (k *Key) Made(commit []byte, when time.Time) bool {
	own := &Keys{namespace: namespace}
	if k.pgp != nil {
		own.pgp = openpgp.EntityList{k.pgp}
	} else {
		own.ssh = []sshKey{{key: k.ssh.PublicKey()}}
	}
	_, err := own.Verify(commit, when, when)
	return err == nil
}

func (k *Key) sign(text []byte, namespace string) ([]byte, error) {
	armored, err := k.armored(text, namespace)
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", k.file, err)
	}
	return append(bytes.TrimRight(armored, "\n"), '\n'), nil
}

func (k *Key) armored(text []byte, namespace string) ([]byte, error) {
	if k.pgp != nil {
		var out bytes.Buffer
		err := openpgp.ArmoredDetachSign(&out, k.pgp, bytes.NewReader(text), nil)
		return out.Bytes(), err
	}
	sig, err := sshsig.Sign(bytes.NewReader(text), k.ssh, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
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

func openSSH(key []byte, passphrase string) (ssh.Signer, error) {
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
	return signer, nil
}

func openPGP(key []byte, passphrase string) (*openpgp.Entity, error) {
	entities, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	if err != nil || len(entities) == 0 || entities[0].PrivateKey == nil {
		return nil, errors.New("it is no private key")
	}
	if err := entities[0].DecryptPrivateKeys([]byte(passphrase)); err != nil {
		return nil, errLocked
	}
	return entities[0], nil
}

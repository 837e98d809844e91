// SPDX-License-Identifier: Apache-2.0

// Package signature checks and makes the signatures of commits, those of OpenPGP and those of SSH; and those of SSH of
// other texts, such as reviews.
//
// A signature is checked over the bytes of the commit object as the server sent them, never over a commit that was
// decoded and encoded again: what a decoder leaves out could say something else to others.
package signature

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"golang.org/x/crypto/ssh"
)

// namespace is the one of Git's SSH signatures (git-config, gpg.format).
const namespace = "git"

// Keys are those whose signatures count.
type Keys struct {
	namespace string // of SSH signatures: one that was made for something else does not count
	ssh       []sshKey
	pgp       openpgp.EntityList
}

type sshKey struct {
	name          string // principals, as the file has them
	key           ssh.PublicKey
	after, before time.Time // zero: no limit
}

// Parse reads a file of keys: armored OpenPGP public keys, or OpenSSH's allowed_signers (ssh-keygen, "ALLOWED
// SIGNERS").
func Parse(data []byte) (*Keys, error) {
	if bytes.Contains(data, []byte("-----BEGIN PGP")) {
		return parsePGP(data)
	}
	return ParseSigners(data, namespace)
}

// ParseSigners reads OpenSSH's allowed_signers. Only keys count that may sign in the namespace.
func ParseSigners(data []byte, namespace string) (*Keys, error) {
	k := &Keys{namespace: namespace}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := parseSigner(string(line), namespace)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if key != nil {
			k.ssh = append(k.ssh, *key)
		}
	}
	if len(k.ssh) == 0 {
		return nil, errors.New("no key in it")
	}
	return k, nil
}

// parsePGP reads one armored block after the other.
func parsePGP(data []byte) (*Keys, error) {
	k := &Keys{}
	const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	blocks := strings.Split(string(data), begin)
	for _, block := range blocks[1:] {
		found, err := openpgp.ReadArmoredKeyRing(strings.NewReader(begin + block))
		if err != nil {
			return nil, fmt.Errorf("read OpenPGP keys: %w", err)
		}
		k.pgp = append(k.pgp, found...)
	}
	if len(k.pgp) == 0 {
		return nil, errors.New("no public key in it")
	}
	return k, nil
}

// parseSigner reads "PRINCIPALS [OPTIONS] TYPE KEY". It returns nil for a key that is not for the namespace.
func parseSigner(line, namespace string) (*sshKey, error) {
	name, rest, ok := strings.Cut(line, " ")
	if strings.HasPrefix(line, `"`) {
		name, rest, ok = strings.Cut(line[1:], `" `)
	}
	if !ok || strings.TrimSpace(name) == "" {
		return nil, errors.New("not PRINCIPALS [OPTIONS] TYPE KEY")
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return nil, errors.New("not PRINCIPALS [OPTIONS] TYPE KEY")
	}
	k := &sshKey{name: name, key: key}
	for _, option := range options {
		what, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(what) {
		case "namespaces":
			if !slices.Contains(strings.Split(value, ","), namespace) {
				return nil, nil
			}
		case "valid-after":
			k.after, err = parseTime(value)
		case "valid-before":
			k.before, err = parseTime(value)
		default:
			return nil, fmt.Errorf("the option %s is not supported", what)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
	return k, nil
}

// parseTime reads YYYYMMDD[HHMM[SS]][Z]. Without a Z it is that of this machine, as ssh-keygen has it.
func parseTime(text string) (time.Time, error) {
	zone := time.Local
	digits, utc := strings.CutSuffix(text, "Z")
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if t, err := time.ParseInLocation(layout, digits, zone); err == nil && len(layout) == len(digits) {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 20261231Z", text)
}

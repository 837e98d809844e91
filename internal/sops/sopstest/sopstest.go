// SPDX-License-Identifier: Apache-2.0

// Package sopstest encrypts documents as SOPS does, for tests. Files that SOPS itself has written are in testdata of
// internal/sops.
package sopstest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"go.yaml.in/yaml/v3"
)

// Identity is an age key for tests, and Recipient its public part.
const (
	Identity  = "AGE-SECRET-KEY-" + "1X3Y52A9ZVSJRA0UGUCJ7MNQJH4AJP0ZX385MSDTF90ZWR3HNV2DSXVJ6YJ"
	Recipient = "age1uwqtm4ljyewgusl7rwlglfgcgtsvjvcauz73mu03dzdgy87k04hq2rjzlt"
)

// Options say how to encrypt.
type Options struct {
	Recipient string // of age; Recipient if empty
	// MACOnlyEncrypted makes the MAC cover the encrypted values alone.
	MACOnlyEncrypted bool
	// DataKey is the key of the values; random if nil.
	DataKey []byte
	// Vault adds a key in Azure Key Vault, instead of one of age, with the data key as the encrypted data key.
	Vault string
}

const modified = "2026-01-02T15:04:05Z"

// macOnly is MACOnlyEncryptedInitialization in sops.go of SOPS 3.13.3: the SHA-256 of "sops".
var macOnly = []byte{
	0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
	0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
}

// Encrypt encrypts data and stringData of one YAML document whose other values are texts.
func Encrypt(document string, o Options) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(document), &doc); err != nil {
		return "", err
	}
	if o.DataKey == nil {
		o.DataKey = make([]byte, 32)
		_, _ = rand.Read(o.DataKey) // never fails
	}
	e := encrypter{key: o.DataKey}
	if o.MACOnlyEncrypted {
		e.hashed = bytes.Clone(macOnly)
		e.macOnly = true
	}
	if err := e.walk(doc.Content[0], nil); err != nil {
		return "", err
	}
	sum := sha512.Sum512(e.hashed)
	mac, err := e.seal(fmt.Sprintf("%X", sum), modified)
	if err != nil {
		return "", err
	}
	out, err := yaml.Marshal(&doc)
	if err != nil {
		return "", err
	}
	recipients, err := recipientOf(o)
	if err != nil {
		return "", err
	}
	tail := fmt.Sprintf("sops:\n%s  lastmodified: %q\n  mac: %s\n", recipients, modified, mac)
	if o.MACOnlyEncrypted {
		tail += "  mac_only_encrypted: true\n"
	}
	return string(out) + tail + "  encrypted_regex: ^(data|stringData)$\n  version: 3.13.3\n", nil
}

// recipientOf returns the metadata with the encrypted data key.
func recipientOf(o Options) (string, error) {
	if o.Vault != "" {
		return fmt.Sprintf("  azure_kv:\n    - vault_url: %s\n      name: sops-key\n      version: 0123456789abcdef\n"+
			"      created_at: %q\n      enc: %s\n", o.Vault, modified, base64.RawURLEncoding.EncodeToString(o.DataKey)), nil
	}
	if o.Recipient == "" {
		o.Recipient = Recipient
	}
	recipient, err := age.ParseX25519Recipient(o.Recipient)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	armored := armor.NewWriter(&text)
	w, err := age.Encrypt(armored, recipient)
	if err != nil {
		return "", err
	}
	_, _ = w.Write(o.DataKey)         // into memory
	_, _ = w.Close(), armored.Close() // into memory
	indented := strings.ReplaceAll(strings.TrimSuffix(text.String(), "\n"), "\n", "\n        ")
	return fmt.Sprintf("  age:\n    - recipient: %s\n      enc: |\n        %s\n", o.Recipient, indented), nil
}

type encrypter struct {
	key, hashed []byte
	macOnly     bool
}

func (e *encrypter) walk(n *yaml.Node, path []string) error {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := e.walk(n.Content[i+1], append(path, n.Content[i].Value)); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if err := e.walk(item, path); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		secret := path[0] == "data" || path[0] == "stringData"
		if secret || !e.macOnly {
			e.hashed = append(e.hashed, n.Value...)
		}
		if secret && n.Value != "" {
			text, err := e.seal(n.Value, strings.Join(path, ":")+":")
			n.Value, n.Style, n.Tag = text, 0, "!!str"
			return err
		}
	}
	return nil
}

func (e *encrypter) seal(text, additional string) (string, error) {
	block, err := aes.NewCipher(e.key)
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, 32)
	if err != nil {
		return "", err
	}
	iv := make([]byte, 32)
	_, _ = rand.Read(iv) // never fails
	sealed := gcm.Seal(nil, iv, []byte(text), []byte(additional))
	code := base64.StdEncoding.EncodeToString
	cut := len(sealed) - gcm.Overhead()
	data, tag := code(sealed[:cut]), code(sealed[cut:])
	return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]", data, code(iv), tag), nil
}

// SPDX-License-Identifier: Apache-2.0

package sops

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"syncer.dev/syncer/internal/diag"
)

// maxSecret is the size of a Secret that the API server accepts, in bytes: MaxSecretSize of k8s.io/api/core/v1.
const maxSecret = 1 << 20

// macOnlyEncrypted starts the hash of a MAC over the encrypted values alone, so that it never equals one over all: the
// value of MACOnlyEncryptedInitialization in sops.go of SOPS 3.13.3.
var macOnlyEncrypted = []byte{
	0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
	0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
}

// Decrypt returns the data of the Secret: the values of data, decoded from base64, and of stringData, which win. It
// checks the MAC first. The error is a diag.Diagnostic with a position and without any value.
func (d *Document) Decrypt(dataKey []byte) (map[string][]byte, error) {
	if len(dataKey) != keySize {
		return nil, diag.Errorf(diag.DecryptionFailed, "the data key has %d bytes, not %d", len(dataKey), keySize).On(field)
	}
	block, err := aes.NewCipher(dataKey)
	if err != nil {
		return nil, diag.Errorf(diag.DecryptionFailed, "the data key cannot be used").On(field)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, ivSize)
	if err != nil {
		return nil, diag.Errorf(diag.DecryptionFailed, "the data key cannot be used").On(field)
	}
	plain := make(map[*value][]byte, len(d.values))
	sum := sha512.New()
	if d.macOnlyEncrypted {
		sum.Write(macOnlyEncrypted)
	}
	for _, l := range d.leaves {
		switch {
		case l.value != nil:
			text, err := l.value.open(gcm, l.value.path())
			if err != nil {
				return nil, d.at(l.value, l.value.section+"."+l.value.key,
					"was changed, moved to another key, or encrypted with another data key")
			}
			plain[l.value] = text
			sum.Write(text)
		case !d.macOnlyEncrypted:
			sum.Write(l.plain)
		}
	}
	want, err := d.mac.open(gcm, d.modified)
	if err != nil {
		return nil, d.at(&d.mac, "sops.mac", "the MAC was changed, or does not belong to this Secret")
	}
	if got := fmt.Sprintf("%X", sum.Sum(nil)); subtle.ConstantTimeCompare([]byte(got), want) != 1 {
		return nil, d.at(&d.mac, "sops.mac", "the MAC does not match: a value was added, removed or changed after encryption")
	}
	return d.decode(plain)
}

// decode turns the values into the data of the Secret.
func (d *Document) decode(plain map[*value][]byte) (map[string][]byte, error) {
	out, size := map[string][]byte{}, 0
	for _, section := range []string{"data", "stringData"} {
		for i := range d.values {
			v := &d.values[i]
			if v.section != section {
				continue
			}
			text := plain[v]
			if section == "data" {
				decoded := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
				n, err := base64.StdEncoding.Decode(decoded, text)
				if err != nil {
					return nil, d.at(v, "data."+v.key, "its value is not base64; put text into stringData")
				}
				text = decoded[:n]
			}
			size += len(text)
			out[v.key] = text
		}
	}
	if size > maxSecret {
		return nil, diag.Errorf(diag.TooLarge, "has more than %d bytes, which no Secret may have", maxSecret).On("data")
	}
	return out, nil
}

func (d *Document) at(v *value, path, message string) error {
	return diag.Errorf(diag.DecryptionFailed, "%s", message).On(path).At(v.line, v.column).
		Suggest("edit the file with sops only, or encrypt it again")
}

var errTampered = errors.New("message authentication failed")

// open decrypts one value.
func (v *value) open(gcm cipher.AEAD, additional string) ([]byte, error) {
	sealed := append(append(make([]byte, 0, len(v.data)+len(v.tag)), v.data...), v.tag...)
	text, err := gcm.Open(nil, v.iv, sealed, []byte(additional))
	if err != nil {
		return nil, errTampered
	}
	return text, nil
}

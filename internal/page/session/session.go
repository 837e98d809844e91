// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Session is what a cookie holds of a user who has signed in.
type Session struct {
	Token   string    `json:"t"`
	Cluster string    `json:"c"` // that has accepted the token
	Since   time.Time `json:"s"`
}

// Sealer seals and opens sessions. It is safe for concurrent use.
type Sealer struct {
	ciphers  []cipher.AEAD // the first one seals, all open
	lifetime time.Duration
}

const (
	// MinSecret is the least length of a secret, in bytes: 128 bits as hexadecimal digits.
	MinSecret = 32
	// MaxCookie is the longest value that browsers keep, in bytes, less the name and the attributes: RFC 6265 asks for
	// 4096 in all.
	MaxCookie = 3800
	// maxSession bounds what a seal may hold once it is unpacked, in bytes.
	maxSession = 16 << 10
	// clockSkew is how far the clocks of two replicas may be apart. It is a guess.
	clockSkew = time.Minute
)

// info separates the key from others that are derived from the same secret, and versions the format.
const info = "syncer page session v1"

// ErrInvalid is the error of a cookie that this process cannot open: it is forged, sealed with another secret, or too
// old.
var ErrInvalid = errors.New("the session is not valid")

// TooLongError is the error of a token that does not fit into a cookie.
type TooLongError struct{ Length int }

// Error returns the length.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("the token is too long for a cookie: %d bytes once sealed, and browsers keep %d",
		e.Length, MaxCookie)
}

// Hint returns which token is shorter.
func (e *TooLongError) Hint() string {
	return "use the token of a service account: kubectl create token NAME --namespace NAMESPACE"
}

// Secrets splits the text of a key file: a secret on each line. The first one seals, and all open, so that a key can be
// replaced while sessions last.
func Secrets(text string) ([]string, error) {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(line) < MinSecret {
			return nil, fmt.Errorf("a line has fewer than %d characters", MinSecret)
		}
		out = append(out, line)
	}
	if len(out) == 0 {
		return nil, errors.New("it has no key")
	}
	return out, nil
}

// Random returns a secret of this process alone.
func Random() string { return rand.Text() + rand.Text() }

// New returns a Sealer. Sessions end after the lifetime. There must be a secret.
func New(secrets []string, lifetime time.Duration) (*Sealer, error) {
	s := &Sealer{lifetime: lifetime}
	for _, secret := range secrets {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, info, 32)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		s.ciphers = append(s.ciphers, gcm)
	}
	if len(s.ciphers) == 0 {
		return nil, errors.New("no secret seals sessions")
	}
	return s, nil
}

// Seal returns the value of a cookie. The error is a *TooLongError.
func (s *Sealer) Seal(v Session) (string, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", err
	}
	v.Since = v.Since.UTC().Truncate(time.Second)
	if err := errors.Join(json.NewEncoder(w).Encode(v), w.Close()); err != nil {
		return "", err
	}
	value := base64.RawURLEncoding.EncodeToString(s.ciphers[0].Seal(nil, nil, packed.Bytes(), []byte(info)))
	if len(value) > MaxCookie {
		return "", &TooLongError{Length: len(value)}
	}
	return value, nil
}

// Open returns the session of a cookie, or ErrInvalid.
func (s *Sealer) Open(value string, now time.Time) (Session, error) {
	if len(value) > MaxCookie {
		return Session{}, ErrInvalid
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return Session{}, ErrInvalid
	}
	for _, c := range s.ciphers {
		packed, err := c.Open(nil, nil, sealed, []byte(info))
		if err != nil {
			continue
		}
		var v Session
		text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxSession))
		if err != nil || json.Unmarshal(text, &v) != nil {
			return Session{}, ErrInvalid
		}
		if now.Before(v.Since.Add(-clockSkew)) || !now.Before(v.Since.Add(s.lifetime)) {
			return Session{}, ErrInvalid
		}
		return v, nil
	}
	return Session{}, ErrInvalid
}

// Lifetime returns how long a session lasts.
func (s *Sealer) Lifetime() time.Duration { return s.lifetime }

// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Known takes secrets out of text that it was told of, and those that Text knows. Its zero value is ready, and safe
// for concurrent use.
type Known struct {
	mu      sync.Mutex
	secrets []string // each followed by Mark
}

// generations are how many secrets are kept: an answer to an old one may come late.
const generations = 4

// Learn remembers a secret in each spelling that it travels in, alone and with the user's name.
func (k *Known) Learn(username, secret string) {
	basic := base64.StdEncoding.EncodeToString([]byte(username + ":" + secret))
	k.mu.Lock()
	defer k.mu.Unlock()
	if secret == "" || slices.Contains(k.secrets, secret) {
		return
	}
	spellings := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), basic}
	for _, s := range spellings {
		k.secrets = append(k.secrets, s, Mark)
	}
	if n := len(k.secrets) - generations*2*len(spellings); n > 0 {
		k.secrets = k.secrets[n:]
	}
}

// Text returns a text without the secrets.
func (k *Known) Text(s string) string {
	k.mu.Lock()
	s = strings.NewReplacer(k.secrets...).Replace(s)
	k.mu.Unlock()
	return Text(s)
}

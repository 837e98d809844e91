// SPDX-License-Identifier: Apache-2.0

// Package redacttest has secrets of every known form to plant where people or servers may put them, and looks for them
// in what comes out. None of them is real.
package redacttest

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Secret is one secret.
type Secret struct {
	Form string // the text that it is found in, on one line
	Bare string // what must not be shown
}

// letters returns n letters and digits that differ for each seed.
func letters(seed, n int) string {
	const alphabet = "aB3dE5gH7jK9mN2pQ4rS6tU8vW1xY"
	var b strings.Builder
	for i := range n {
		b.WriteByte(alphabet[(i*7+seed*5+i*i*seed)%len(alphabet)])
	}
	return b.String()
}

// Secrets returns one secret of each form.
func Secrets() []Secret {
	var out []Secret
	add := func(format string, length int, prefix string) {
		bare := prefix + letters(len(out)+1, length)
		out = append(out, Secret{fmt.Sprintf(format, bare), bare})
	}
	for _, f := range []struct {
		format, prefix string
		length         int
	}{
		{"AccountName=a;AccountKey=%s==;EndpointSuffix=x", "", 86},
		{"SharedAccessKeyName=Root;SharedAccessKey=%s=", "", 43},
		{"https://a.blob.core.windows.net/c?sv=2024&sig=%s&se=2", "", 40},
		{"password=%s", "", 12},
		{"passwd: %s", "", 12},
		{"Server=x;User Id=u;Password=%s;Encrypt=True", "", 14},
		{`{"auths":{"r.io":{"auth":"%s"}}}`, "", 24},
		{".dockerconfigjson: %s", "eyJhdXRocyI6", 30},
		{"found %s in use", "AKIAIOSFODNN7EXAMPLE", 0},
		{"found %s in use", "ASIAIOSFODNN7EXAMPLF", 0},
		{"aws_secret_access_key = %s", "", 40},
		{"found %s in use", "sk-proj-", 40},
		{"found %s in use", "sk-ant-api03-", 40},
		{"found %s in use", "hf_", 34},
		{"found %s in use", "ghp_", 36},
		{"found %s in use", "github_pat_", 60},
		{"found %s in use", "gho_", 36},
		{"found %s in use", "glpat-", 20},
		{"//registry.npmjs.org/:_authToken=%s", "npm_", 36},
		{"found %s in use", "xoxb-1234567890-", 24},
		{"found %s in use", "abc8Q~", 34},
		{"client_secret=%s", "", 34},
		{"Authorization: Bearer %s", "", 30},
		{"Authorization: Basic %s", "", 24},
		{"X-Api-Key: %s", "", 24},
		{"found %s in use", "eyJhbGciOiJIUzI1NiJ9.", 40},
		{"-----BEGIN RSA PRIVATE KEY-----\\n%s\\n-----END RSA PRIVATE KEY-----", "", 40},
		{"found %s in use", base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\n"))[:38], 40},
		{"https://user:%s@example.com/x", "", 14},
		{"https://%s@example.com/x", "", 20},
		{"serve --token=%s --port=80", "", 16},
		{"serve --api-key %s --port 80", "", 16},
		{"HF_TOKEN: %s", "", 20},
		{"HF_TOKEN=%s", "", 20},
		{"found %s in use", "nvapi-", 40},
		{"found %s in use", "pypi-", 40},
	} {
		add(f.format, f.length, f.prefix)
	}
	return out
}

// Text is every secret, each on a line.
func Text() string {
	var lines []string
	for _, s := range Secrets() {
		lines = append(lines, s.Form)
	}
	return strings.Join(lines, "\n")
}

// Error is what a server may answer: every secret, on one line.
type Error struct{}

// Error returns the text.
func (Error) Error() string { return "the server said: " + strings.ReplaceAll(Text(), "\n", " | ") }

// encoded is what may be text in base64.
var encoded = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`)

// Look reports every secret that an output shows, as it is, as JSON and YAML write it, or in base64.
func Look(t testing.TB, output, text string) {
	t.Helper()
	plain := strings.NewReplacer(`\\n`, "", `\n`, "", "\n", "", " ", "").Replace(text)
	for _, word := range encoded.FindAllString(text, -1) {
		if data, err := base64.StdEncoding.DecodeString(word); err == nil {
			plain += "\n" + string(data)
		}
	}
	for _, s := range Secrets() {
		if strings.Contains(text, s.Bare) || strings.Contains(plain, s.Bare) {
			t.Errorf("%s shows %q:\n%s", output, s.Bare, around(text, s.Bare))
		}
	}
}

// around returns what stands around a secret.
func around(text, bare string) string {
	i := max(strings.Index(text, bare), 0)
	return text[max(0, i-200):min(len(text), i+len(bare)+200)]
}

// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slow is Text without its search for hints: it looks for those that each rule names by itself, and lets the rule look
// for names.
func slow(s string) string {
	if len(s) < len("pwd=a") {
		return s
	}
	for _, r := range []struct {
		hints []string // nil is for any text
		apply func(string) string
	}{
		{[]string{"secret"}, manifests},
		{[]string{"-----begin"}, pem},
		{[]string{"ls0tls1crud", "eyjhdxro"}, encoded},
		{[]string{"://"}, userinfo},
		{[]string{"authorization", "bearer", "basic", "shared", "negotiate"}, headers},
		{[]string{"name"}, variables},
		{[]string{"--", " -"}, flags},
		{[]string{"=", ":"}, named},
		{nil, slowForms},
	} {
		lower := strings.ToLower(s)
		if r.hints == nil || slices.ContainsFunc(r.hints, func(h string) bool { return strings.Contains(lower, h) }) {
			s = r.apply(s)
		}
	}
	return s
}

func slowForms(s string) string {
	lower := strings.ToLower(s)
	for _, f := range shapes {
		if strings.Contains(lower, f.hint) {
			s = replace(f.re, s, func(g []string) string {
				token := g[0][len(g[1]):]
				if f.hint == "sk-" && ordinary(strings.ReplaceAll(token, "-", "")) {
					return g[0]
				}
				return g[1] + Mark
			})
		}
	}
	return s
}

// TestLook: a text is looked at by all rules whose words it has, in any case and in letters that have another case.
func TestLook(t *testing.T) {
	all := allHints()
	want := func(s string) (has wordSet) {
		for w, set := range all {
			if strings.Contains(strings.ToLower(s), w) {
				has |= set
			}
		}
		return has
	}
	if n := len(finder.found); n > 1<<(16-kindBits) || slices.Max(finder.kinds[:]) >= 1<<kindBits {
		t.Fatalf("%d states, %d kinds", n, slices.Max(finder.kinds[:]))
	}
	for seed := range uint64(10_000) {
		s := randomText(rand.New(rand.NewPCG(seed, 5)))
		if got, want := look(s), want(s); got != want {
			t.Fatalf("seed %d: look(%q) = %b, want %b", seed, s, got, want)
		}
		if got, want := Text(s), slow(s); got != want {
			t.Fatalf("seed %d: Text(%q) = %q, want %q", seed, s, got, want)
		}
	}
}

// TestSecretNamesHaveHints: each name that makes SecretName or named take a value for a secret has a hint in it.
func TestSecretNamesHaveHints(t *testing.T) {
	names := slices.Concat(secretWords, inQuery, []string{"token", "secret", "key", "auth", "imagePullSecret", "secrets"})
	for _, k := range keyWords {
		names = append(names, k+"_key")
	}
	for _, name := range names {
		if look(name)&hasSecretName == 0 {
			t.Errorf("%q has none of %q", name, hints[hasSecretName])
		}
	}
}

// parts are what secrets are made of, and what is none.
var parts = func() []string {
	out := []string{
		"=", ": ", ":", " ", " ", "\n", "\"", "'", "://", "@", "-", "--", " -", "_", ",", ".", "/", "?", "&", "[redacted]",
		"a", "hunter2Xy", "correct-horse-battery", "name", "value", "kind: Secret\ndata:\n  a: b", "\u212aey", "to\u212aen",
		"\u017fig", "\u0130d", "é", "\xff", "ABCDEFGHIJKLMNOPqrstuv0123456789", "-----BEGIN PRIVATE KEY-----",
		"LS0tLS1CRUdJTiB", "https://u:p@h", "Authorization", "Bearer", "Basic", "name: HF_TOKEN\nvalue: abcXYZ123", "auth",
		"pool wphi: 1 of 1 nodes",
	}
	for _, w := range hints {
		out = append(out, w...)
	}
	for _, f := range shapes {
		out = append(out, f.hint, f.hint+"ABCDEFGHIJKLMNOPqrstuv0123456789")
	}
	out = slices.Concat(out, secretWords, keyWords, about, quantities, holders)
	slices.Sort(out) // hints are in a map
	return out
}()

func randomText(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(8) {
		part := parts[rng.IntN(len(parts))]
		switch rng.IntN(6) {
		case 0:
			part = strings.ToUpper(part)
		case 1:
			part = strings.ToUpper(part[:1]) + part[1:]
		case 2:
			part = part[:rng.IntN(len(part)+1)]
		}
		b.WriteString(part)
		if rng.IntN(4) == 0 {
			fmt.Fprintf(&b, "%c", " =:_-"[rng.IntN(5)])
		}
	}
	return b.String()
}

func BenchmarkText(b *testing.B) {
	for _, s := range []string{
		"Ready", "Standard_NC24ads_A100_v4", "pool wphi: 1 of 1 nodes", "http://phi-4.default.svc:80",
		"187ef0342fff0eb3333be9f00389385e95ef0b61",
	} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if Text(s) != s {
					b.Fatal(s)
				}
			}
		})
	}
}

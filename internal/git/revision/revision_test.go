// SPDX-License-Identifier: Apache-2.0

package revision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzParseRevision parses revisions of users. The base and the suffixes make up the revision, and the suffixes keep to
// the limit on generations.
func FuzzParseRevision(f *testing.F) {
	for _, rev := range []string{
		"", "@", "HEAD", "main~2^", "refs/pull/7/head^2~1", "v1.0^0", "~", "^^", "a~b", "main~100000", "main~100001",
		"main~60000~60000", "HEAD~999999999999999999999", "main^{tree}", "m\x00n~1", "\xff~007",
	} {
		f.Add(rev)
	}
	f.Fuzz(func(t *testing.T, rev string) {
		parsed, err := Parse(rev)
		base, steps := parsed.base, parsed.steps
		if err != nil {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("%q: %v, want ErrUnknown", rev, err)
			}
			return
		}
		if _, _, more := cutSuffix(base); base == "" || more {
			t.Errorf("%q: base %q is empty or has a suffix", rev, base)
		}
		generations, text := 0, base
		for _, s := range steps {
			generations += s.generations()
			text += fmt.Sprintf("%s%d", map[bool]string{true: "~", false: "^"}[s.tilde], s.n)
		}
		if generations > MaxGenerations {
			t.Errorf("%q asks for %d generations", rev, generations)
		}
		again, err := Parse(text)
		if err != nil || again.base != base || !slices.Equal(again.steps, steps) {
			t.Errorf("%q is %q, which reads as %q and %v, %v", rev, text, again.base, again.steps, err)
		}
	})
}

// TestParseRevisionLimit counts the generations of all suffixes together.
func TestParseRevisionLimit(t *testing.T) {
	for rev, ok := range map[string]bool{
		"main~100000":                            true,
		"main~100001":                            false,
		"main~60000~40000":                       true,
		"main~60000~60000":                       false,
		"main" + strings.Repeat("^", 100_000):    true,
		"main" + strings.Repeat("^", 100_001):    false,
		"main" + strings.Repeat("^0", 100) + "~": true,
	} {
		if _, err := Parse(rev); (err == nil) != ok || err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%.30s: %v, want ok=%t", rev, err, ok)
		}
	}
}

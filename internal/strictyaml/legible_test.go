// SPDX-License-Identifier: Apache-2.0

package strictyaml_test

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"syncer.dev/syncer/internal/strictyaml"
)

// TestLegible: what decoders read as a word, and what a person takes for it, is that word in the text.
func TestLegible(t *testing.T) {
	wide := func(order binary.AppendByteOrder, text string) string {
		var out []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, unit)
		}
		return string(out)
	}
	for text, want := range map[string]string{
		"kind: x":                     "kind: x",
		"\ufeffkind: x":               "kind: x",
		`"\u0078\x79\U0000007a"`:      `"xyz"`,
		`"\\u0078"`:                   `"\u0078"`,
		"\"a\\\n  b\\ \t\r\n\tc\"":    `"abc"`,
		`"a\/b\"c\ d"`:                `"a/b"c d"`,
		`"a\nb\q"`:                    `"a\nb\q"`,
		`"\u200b\ufffda\u00a0b"`:      `"a b"`,
		`"\uD800 \UFFFFFFFF \u00 \x"`: `"  \u00 \x"`,
		"a\u0085b\u2028c":             "a\nb\nc",
		"a\u00a0b\u200bc\x01d\xff":    "a bcd",
		"a\r\n\tb":                    "a\r\n\tb",
		wide(binary.LittleEndian, "\ufeffkind: \"\\u0078\""): `kind: "x"`,
		wide(binary.BigEndian, "\ufeffkind: x"):              `kind: x`,
		`a\`:                                                 `a\`,
	} {
		if got := string(strictyaml.Legible([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

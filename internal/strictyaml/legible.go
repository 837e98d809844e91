// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Legible returns the text of a file that need not be YAML as a person would read it, to be searched for words: without
// the zero bytes of UTF-16 and what cannot be seen, with each space and each end of a line in ASCII, and with the
// escapes of quoted text replaced.
func Legible(data []byte) []byte {
	return escape.ReplaceAllFunc(bytes.Map(visible, data), unescape)
}

// visible drops a character that cannot be seen, also a byte that is no character.
func visible(r rune) rune {
	switch {
	case r == '\u0085', r == '\u2028', r == '\u2029': // end a line in YAML
		return '\n'
	case r == '\t', r == '\n', r == '\r':
		return r
	case unicode.IsSpace(r):
		return ' '
	case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// escape matches what stands for something else in double quotes, by YAML and by JSON. An end of a line that is escaped
// stands for nothing, with the space around it.
var escape = regexp.MustCompile(`\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ \t]*\r?\n[ \t]*|[^\r\n])`)

func unescape(text []byte) []byte {
	switch c := text[1]; c {
	case 'x', 'u', 'U':
		n, err := strconv.ParseUint(string(text[2:]), 16, 32)
		if err != nil { // it is followed by no number
			return text
		}
		if r := visible(rune(n)); utf8.ValidRune(rune(n)) && r >= 0 {
			return utf8.AppendRune(nil, r)
		}
		return nil
	case ' ', '\t', '\r', '\n':
		if bytes.ContainsAny(text, "\r\n") {
			return nil
		}
		return text[1:]
	case '"', '/', '\\':
		return text[1:]
	}
	return text
}

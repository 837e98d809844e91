// SPDX-License-Identifier: Apache-2.0

package verbatim

import (
	"strings"
	"time"
)

// style is how the library writes a text.
type style uint8

const (
	unknown style = iota // not known here
	plain
	single // in single quotes
	double // in double quotes, without any escape
)

// styleOf returns how the library writes a text; inline says that it stands within brackets.
func styleOf(s string, inline bool) style {
	var have letters
	for i := range len(s) {
		have |= kinds[s[i]]
	}
	switch other := meansOther(s, have); {
	case have&foreign != 0 || other == unsure:
		return unknown
	case other == yes:
		return double
	case isPlain(s, have, inline):
		return plain
	}
	return single
}

// letters is a set of kinds of letters.
type letters uint8

const (
	foreign letters = 1 << iota // anything but printable ASCII
	mark                        // may end a plain text, or make something else of it
	text                        // in no number and no time
	hex                         // in no time, and in no number that has not a base or a name
	rare                        // in numbers and times of rare forms
)

// kinds has the kind of each byte.
var kinds = func() (out [256]letters) {
	for i := range out {
		if i < ' ' || i > '~' {
			out[i] = foreign
		} else {
			out[i] = text
		}
	}
	for set, kind := range map[string]letters{
		"0123456789+-.:TZ": 0,
		"abcdfABCDF":       hex,
		"_ ,eExXoOtzinIN":  rare,
	} {
		for _, c := range []byte(set) {
			out[c] = kind
		}
	}
	for _, c := range []byte(",?[]{}:#") {
		out[c] |= mark
	}
	return out
}()

// answer is yes, no or unsure.
type answer uint8

const (
	no answer = iota
	yes
	unsure
)

// meansOther reports whether a text means something else than itself when it stands without quotes: null, true, a
// number, a time. The library thinks of YAML 1.1 as well.
func meansOther(s string, have letters) answer {
	switch {
	case s == "":
		return yes
	case strings.IndexByte("+-.0123456789", s[0]) >= 0:
		return isNumber(s, have)
	}
	switch s {
	case "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "<<",
		"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return yes
	}
	return no
}

// isNumber is meansOther for a text that begins as a number does.
func isNumber(s string, have letters) answer {
	switch {
	case have&text != 0, strings.Trim(s, "+-.") == "":
		return no
	case have&hex != 0: // 0x1f, 0b1, -.inf, or else a hash
		if bare := strings.TrimLeft(s, "+-"); strings.ContainsAny(s, "xX_iInN") || strings.HasPrefix(bare, "0b") ||
			strings.HasPrefix(bare, "0B") {
			return unsure
		}
		return no
	case have&rare != 0:
		return unsure
	case isTime(s):
		return yes
	}
	digits, fraction, _ := strings.Cut(s, ".")
	switch {
	case !isDigits(digits) || fraction != "" && !isDigits(fraction):
		return unsure
	case len(s) > 18:
		return unsure
	}
	return yes
}

// isTime reports whether a text is a time or a date, as syncer writes it.
func isTime(s string) bool {
	layout := time.DateOnly
	if len(s) != len(layout) {
		layout = time.RFC3339
	}
	_, err := time.Parse(layout, s)
	return err == nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isPlain reports whether a text may stand without quotes.
func isPlain(s string, have letters, inline bool) bool {
	switch {
	case s[0] == ' ', s[len(s)-1] == ' ', strings.HasPrefix(s, "---"), strings.HasPrefix(s, "..."),
		strings.IndexByte("#,[]{}&*!|>'\"%@`", s[0]) >= 0:
		return false
	case s[0] == '?', s[0] == ':':
		if inline || ends(s, 1) {
			return false
		}
	case s[0] == '-' && ends(s, 1):
		return false
	}
	if have&mark == 0 {
		return true
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case ',', '?', '[', ']', '{', '}':
			if inline {
				return false
			}
		case ':':
			if inline || ends(s, i+1) {
				return false
			}
		case '#':
			if s[i-1] == ' ' {
				return false
			}
		}
	}
	return true
}

// ends reports whether a word has ended before a place.
func ends(s string, i int) bool { return i >= len(s) || s[i] == ' ' }

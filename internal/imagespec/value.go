// SPDX-License-Identifier: Apache-2.0

package imagespec

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Fault is why an argument does not take a value.
type Fault struct {
	Message string // what the value must be
	Hint    string
	// Range says that the value has the right form, but is too small or too large.
	Range bool
	// Meant is the value that was probably meant; "" when none is close.
	Meant string
}

// negative matches what argparse takes for a number although it begins with a dash.
var negative = regexp.MustCompile(`^-\d+$|^-\d*\.\d+$`)

// Option reports whether argparse may take the text of a value for an option (ArgumentParser._parse_optional). It looks
// for "--flag=" and for the beginnings of flags before it looks at spaces. No option looks like a number.
func Option(text string) bool {
	return len(text) > 1 && text[0] == '-' && text[1] != ' ' && !negative.MatchString(text)
}

// Dashed is why a value that looks like an option is none.
func Dashed() *Fault {
	return &Fault{
		Message: "must not begin with a dash: the server takes the value for the name of a flag",
		Hint:    "remove the dash",
	}
}

// Check returns why the argument does not take the text of a value, or nil. suggest returns the known name that
// another one is close to, or "".
func (a Arg) Check(text string, suggest func(name string, known []string) string) *Fault {
	if Option(text) {
		return Dashed()
	}
	if a.None && (text == "" || text == "None") {
		return nil
	}
	switch a.Kind {
	case Int, Size, Length, Float:
		return a.number(text)
	case Choice:
		return a.choice(text, suggest)
	case JSON:
		if _, ok := readJSON(text); !ok {
			return &Fault{
				Message: "must be JSON",
				Hint:    `write it in single quotes, with double quotes inside: '{"key": "value"}'`,
			}
		}
	case List:
		return Arg{Kind: a.Elem, Choices: a.Choices}.Check(text, suggest)
	case Unset:
		return &Fault{Message: "cannot be set: no text can be its value", Hint: "remove it"}
	}
	return nil
}

func (a Arg) number(text string) *Fault {
	var n int64
	var f float64
	var ok bool
	form, hint := "a whole number", ""
	switch a.Kind {
	case Float:
		f, ok = parseFloat(text)
		form = "a number"
	case Int:
		n, ok = parseInt(text)
		f = float64(n)
	default:
		n, ok = ParseLength(text)
		if a.Kind == Size {
			n, ok = ParseSize(text)
		}
		f, hint = float64(n), "also 8k for 8000, and 8K for 8192"
		if a.Kind == Length {
			form = "a whole number or auto"
		}
	}
	if !ok {
		return &Fault{Message: "must be " + form, Hint: hint}
	}
	if a.Kind == Length && n <= 0 && !automatic(text) {
		return &Fault{Message: "must be at least 1, or auto", Range: true}
	}
	if bounds := a.bounds(f); bounds != "" {
		return &Fault{Message: "must be " + bounds, Range: true}
	}
	return nil
}

// bounds returns the range of a number that lies outside of it, in words, or "".
func (a Arg) bounds(f float64) string {
	outside := f != f || // NaN is in no range
		a.GT != nil && f <= *a.GT || a.GE != nil && f < *a.GE || a.LT != nil && f >= *a.LT || a.LE != nil && f > *a.LE
	if !outside {
		return ""
	}
	return a.Range()
}

// Range returns the range of a number in words, such as "greater than 0 and at most 1"; "" without one.
func (a Arg) Range() string {
	var words []string
	for _, l := range []struct {
		limit *float64
		word  string
	}{{a.GT, "greater than"}, {a.GE, "at least"}, {a.LT, "less than"}, {a.LE, "at most"}} {
		if l.limit != nil {
			words = append(words, fmt.Sprintf("%s %g", l.word, *l.limit))
		}
	}
	return strings.Join(words, " and ")
}

func (a Arg) choice(text string, suggest func(string, []string) string) *Fault {
	if a.Fold {
		text = strings.ReplaceAll(strings.ToLower(text), "-", "_")
	}
	if slices.Contains(a.Choices, text) {
		return nil
	}
	f := &Fault{Message: "must be one of " + strings.Join(a.Choices, ", ")}
	if f.Meant = suggest(text, a.Choices); f.Meant != "" {
		f.Hint = fmt.Sprintf("did you mean %q?", f.Meant)
	}
	return f
}

// suffixed matches a number such as 80m, which vLLM replaces in JSON outside of quotes before it reads it
// (_expand_json_human_readable_numbers).
var (
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	suffixed = regexp.MustCompile(`\b\d+(?:\.\d+)?[kKmMgGtT]\b`)
	literal  = regexp.MustCompile(`-?\bInfinity\b|\bNaN\b`) // Python's JSON has them
)

// readJSON reads JSON as vLLM does. What Go has no number for is 1.
func readJSON(text string) (value any, ok bool) {
	var out strings.Builder
	rest := 0
	plain := func(s string) {
		out.WriteString(literal.ReplaceAllString(suffixed.ReplaceAllString(s, "1"), "1"))
	}
	for _, at := range quoted.FindAllStringIndex(text, -1) {
		plain(text[rest:at[0]])
		out.WriteString(text[at[0]:at[1]])
		rest = at[1]
	}
	plain(text[rest:])
	in := json.NewDecoder(strings.NewReader(out.String()))
	in.UseNumber() // as for Python, no number is too large
	if err := in.Decode(&value); err != nil {
		return nil, false
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, false
	}
	return value, true
}

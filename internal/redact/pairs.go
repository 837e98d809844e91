// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"regexp"
	"slices"
	"strings"
)

// named takes out values that follow a name and "=" or ":", in the manner of connection strings, queries, shells, YAML
// and JSON, and in JSON within a string.
func named(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '=' && s[i] != ':' || i < done {
			continue
		}
		start, end, ok := valueAt(s, i)
		if !ok || start < done {
			continue
		}
		b.WriteString(s[done:start])
		b.WriteString(Mark)
		done = end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// entry is a name with the separator after it, in a text.
type entry struct {
	text   string
	sep    int // where the separator is
	from   int // where the name begins
	name   string
	quoted bool // the name is
}

// valueAt returns where the secret value after the separator at i lies, if there is one.
func valueAt(s string, i int) (start, end int, ok bool) {
	e := entry{text: s, sep: i}
	e.name, e.quoted, e.from = nameBefore(s, i)
	reference := refers(e.name)
	if e.name == "" || !reference && !e.secret() {
		return 0, 0, false
	}
	start, end, ok = e.value()
	return start, end, ok && (!reference || pasted(s[start:end]))
}

// secret reports whether the name says that the value is a secret, by itself or for its place.
func (e entry) secret() bool {
	before := ""
	if e.from > 0 {
		before = e.text[e.from-1 : e.from]
	}
	return SecretName(e.name) || e.quoted && strings.EqualFold(e.name, "auth") ||
		(before == "?" || before == "&") && slices.Contains(inQuery, strings.ToLower(e.name))
}

// value returns where the value lies, if it may be a secret.
func (e entry) value() (start, end int, ok bool) {
	s, colon := e.text, e.text[e.sep] == ':'
	gap := skip(s, e.sep+1, "=>") // "==" and "=>"
	at := skip(s, gap, " \t")
	switch {
	case at == len(s), strings.HasPrefix(s[at:], Mark):
		return 0, 0, false
	case colon && (s[at] == '{' || s[at] == '['): // no text
		return 0, 0, false
	case colon && at == gap && !e.quoted && quoteOf(s, at) == "" && !isPassword(e.name): // a tag of an image, a port
		return 0, 0, false
	}
	if open := quoteOf(s, at); open != "" {
		start = at + len(open)
		end = closing(s, start, open)
		return start, end, !placeholder(s[start:end]) && !strings.HasPrefix(s[start:end], Mark)
	}
	if head := blockMark.FindString(s[at:]); head != "" {
		start, end = block(s, e.from, at+len(head))
		return start, end, start < end && s[start:end] != Mark
	}
	if colon && at > gap && startsLine(s, e.from) && strings.Contains(s, "\n") { // YAML: the value is the whole line
		end = at + len(strings.TrimRight(lineFrom(s, at), " \t\r"))
		return at, end, !placeholder(s[at:end])
	}
	return e.bare(at)
}

// bare returns where a value without quotes lies. After a colon a word of a sentence may follow as well.
func (e entry) bare(start int) (from, end int, ok bool) {
	s := e.text
	end = start
	for end < len(s) && !strings.ContainsRune(" \t\r\n\"'`&;", rune(s[end])) {
		end++
	}
	value := strings.TrimRight(s[start:end], ",.)]}>:")
	folder := strings.HasSuffix(e.name, "PWD") && strings.HasPrefix(value, "/") // the working folder of a shell
	certain := s[e.sep] == '=' || e.quoted || !ordinary(value) || endsLine(s, end)
	return start, start + len(value), certain && !folder && !placeholder(value)
}

// skip returns the first place from at on that holds none of the bytes.
func skip(s string, at int, bytes string) int {
	for at < len(s) && strings.IndexByte(bytes, s[at]) >= 0 {
		at++
	}
	return at
}

// inQuery are names that are a secret's in the query of a URL only.
var inQuery = []string{"code", "key", "auth", "session", "ticket", "otp"}

func isPassword(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "password") || strings.HasSuffix(name, "passwd")
}

// nameBefore returns the name that ends at i, or at spaces or a quote before it, and where it begins.
func nameBefore(s string, i int) (name string, quoted bool, from int) {
	end := i
	for end > 0 && end > i-3 && (s[end-1] == ' ' || s[end-1] == '\t') {
		end--
	}
	if end > 0 && (s[end-1] == '"' || s[end-1] == '\'') {
		quoted, end = true, end-1
		if end > 0 && s[end-1] == '\\' {
			end--
		}
	}
	from = end
	for from > 0 && end-from < 128 && inName(s[from-1]) {
		from--
	}
	return strings.Trim(s[from:end], "-"), quoted, from
}

func inName(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// quoteOf returns the quote that opens at a place, "" when none does.
func quoteOf(s string, at int) string {
	for _, q := range []string{`\"`, `\'`, `"`, `'`, "`"} {
		if strings.HasPrefix(s[at:], q) {
			return q
		}
	}
	return ""
}

// longQuote bounds the search for the end of a quote, in bytes. What is longer reaches to the end of the text.
const longQuote = 8 << 10

// closing returns where the quote ends that was opened before start; the end of the line when it does not.
func closing(s string, start int, open string) int {
	for i := start; i < len(s); i++ {
		switch {
		case i-start > longQuote:
			return len(s)
		case strings.HasPrefix(s[i:], open):
			return i
		case s[i] == '\\' && len(open) == 1 && open != "'":
			i++
		}
	}
	return start + len(lineFrom(s, start))
}

// blockMark is the head of a block scalar of YAML.
var blockMark = regexp.MustCompile(`^[|>][+-]?[1-9]?[+-]?[ \t]*\r?\n`)

// block returns the lines of a block scalar that begins after its head. The name is on the line of from.
func block(s string, from, at int) (start, end int) {
	indent := indentOf(s[strings.LastIndexByte(s[:from], '\n')+1:])
	start, end = at, at
	for end < len(s) {
		line := lineFrom(s, end)
		if strings.TrimSpace(line) != "" && indentOf(line) <= indent {
			break
		}
		end = min(end+len(line)+1, len(s))
	}
	for end > start && s[end-1] == '\n' {
		end--
	}
	for start < end && (s[start] == ' ' || s[start] == '\n') {
		start++
	}
	return start, end
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// lineFrom returns what is left of the line at a place.
func lineFrom(s string, at int) string {
	line, _, _ := strings.Cut(s[at:], "\n")
	return line
}

// startsLine reports whether only indentation and the mark of a list entry stand before a place on its line.
func startsLine(s string, at int) bool {
	for at > 0 && strings.ContainsRune(` -"'`, rune(s[at-1])) {
		at--
	}
	return at == 0 || s[at-1] == '\n'
}

// endsLine reports whether only closing punctuation stands after a place on its line.
func endsLine(s string, at int) bool {
	for at < len(s) && strings.ContainsRune(" \t\r,}])\"'", rune(s[at])) {
		at++
	}
	return at == len(s) || s[at] == '\n'
}

// pair is an entry of a list of environment variables, in YAML or JSON.
var pair = regexp.MustCompile(
	`(\bname\\?["']?[ \t]*:[ \t]*\\?["']?([A-Za-z0-9_.-]+)\\?["']?\s*,?\s*(?:-\s+)?\\?["']?value\\?["']?[ \t]*:[ \t]*)` +
		`(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,}]+)`,
)

// variables takes out the values of environment variables that are written as name and value.
func variables(s string) string {
	return replace(pair, s, func(g []string) string {
		value := strings.Trim(g[3], `\"'`)
		if !SecretName(g[2]) || placeholder(value) {
			return g[0]
		}
		return g[1] + strings.Replace(g[3], value, Mark, 1)
	})
}

// flag is a flag and the argument after it, on a command line or in a list of YAML or JSON.
var flag = regexp.MustCompile(
	`(?:^|[\s"',\[])--?([A-Za-z][A-Za-z0-9_-]*)` +
		`(\\?["']\s*,\s*\\?["']|["']?[ \t]+["']?|["']?[ \t]*\r?\n[ \t]*-[ \t]+["']?)([^\s"'\\,]+)`,
)

// flags takes out the arguments of flags whose names say that they hold a secret.
func flags(s string) string {
	return cutOut(flag, s, func(m []int) (start, end int) {
		start, end = m[6], m[7]
		value, quoted := s[start:end], strings.HasSuffix(s[m[4]:m[5]], `"`) || strings.HasSuffix(s[m[4]:m[5]], "'")
		if !SecretName(s[m[2]:m[3]]) || strings.HasPrefix(value, "-") || placeholder(value) ||
			ordinary(value) && !quoted && !endsLine(s, end) {
			return m[3], m[3] // the argument may be a flag itself
		}
		return start, end
	})
}

var (
	isManifest = regexp.MustCompile(`(?i)kind\\?["']?[ \t]*:[ \t]*\\?["']?Secret\b`)
	dataLine   = regexp.MustCompile(`^([ \t]*)(?:- )?(data|stringData)[ \t]*:[ \t]*\r?$`)
	dataObject = regexp.MustCompile(`(\\?["']?(?:data|stringData)\\?["']?[ \t]*:[ \t]*)\{[^{}]*\}`)
	entryLine  = regexp.MustCompile(`^([ \t]*[^\s:][^:]*:[ \t]*)\S.*$`)
)

// manifests takes out the data of a Secret that is written in the text.
func manifests(s string) string {
	if !isManifest.MatchString(s) {
		return s
	}
	s = dataObject.ReplaceAllString(s, "${1}{"+Mark+"}")
	lines := strings.Split(s, "\n")
	depth := -1
	for i, line := range lines {
		if depth >= 0 && strings.TrimSpace(line) != "" {
			if indentOf(line) <= depth {
				depth = -1
			} else if m := entryLine.FindStringSubmatch(line); m != nil {
				lines[i] = m[1] + Mark
				continue
			} else if !strings.HasSuffix(strings.TrimSpace(line), ":") {
				lines[i] = strings.Repeat(" ", indentOf(line)) + Mark
				continue
			}
		}
		if m := dataLine.FindStringSubmatch(line); m != nil && depth < 0 {
			depth = len(m[1])
		}
	}
	return strings.Join(lines, "\n")
}

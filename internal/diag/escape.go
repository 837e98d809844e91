// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"syncer.dev/syncer/internal/redact"
)

// What is printed comes from files that anyone may have written. Logs of GitHub and of Azure DevOps take some lines of
// any output for commands: "::" at the start of a line, and "##[" or "##vso[" anywhere in it. Terminals take control
// characters for commands, and characters that change the direction of writing make a text look like another one.
//
// There is one escape for each kind of output. Each takes secrets out as well, so that no output can forget it.

// logCommand matches the start of a command within a line.
var logCommand = regexp.MustCompile(`(?i)##(vso)?\[`)

// unprintable reports whether a character could end the line, control a terminal, or change the direction of writing.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// EscapeText returns s as one line of plain text that starts no command and shows no secret. Other printable text stays
// as it is.
func EscapeText(s string) string { return escapeLine(printed(s, visible)) }

// EscapeLines is EscapeText for a text of several lines: line breaks stay.
func EscapeLines(s string) string {
	s = printed(strings.ReplaceAll(s, "\r\n", "\n"), func(s string) string { return eachLine(s, visible) })
	return eachLine(s, escapeLine)
}

// printed returns a text without the secrets that a reader of it finds. The characters that visible writes may make one
// of what was none, such as a byte before "://" that becomes letters.
func printed(s string, visible func(string) string) string {
	s = redact.Text(s)
	if out := visible(s); out != s {
		return redact.Text(out)
	}
	return s
}

func eachLine(s string, f func(string) string) string {
	if !strings.Contains(s, "\n") {
		return f(s)
	}
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = f(all[i])
	}
	return strings.Join(all, "\n")
}

func escapeLine(s string) string {
	s = withoutLogCommand(visible(s))
	if strings.HasPrefix(strings.TrimLeftFunc(s, unicode.IsSpace), "::") {
		s = strings.Replace(s, "::", `\::`, 1)
	}
	return s
}

// withoutLogCommand takes the start of a command within a line apart.
func withoutLogCommand(s string) string {
	if !strings.Contains(s, "##") {
		return s
	}
	return logCommand.ReplaceAllStringFunc(s, func(found string) string { return `#\#` + found[2:] })
}

// visible writes every character that is not printable, and every byte that is not UTF-8, as Go does in a string.
func visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unprintable(r) && r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case unprintable(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// isVisible reports whether every character is printable. Most texts are ASCII, and need no table of characters.
func isVisible(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unprintable)
		case c < ' ' || c == 0x7f:
			return false
		}
	}
	return true
}

// The escapes of workflow commands. A line break has an escape of its own, and is shown as one.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	azureData      = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
)

// EscapeGitHub returns s as the data of a workflow command of GitHub.
func EscapeGitHub(s string) string { return githubData.Replace(lines(redact.Text(s))) }

// EscapeGitHubProperty returns s as the value of a property of a workflow command of GitHub.
func EscapeGitHubProperty(s string) string { return githubProperty.Replace(lines(redact.Text(s))) }

// EscapeAzure returns s as the data or the value of a property of a logging command of Azure DevOps.
func EscapeAzure(s string) string { return azureData.Replace(lines(redact.Text(s))) }

// lines escapes each line of s as text, and keeps the line breaks for the reader of a command.
func lines(s string) string {
	all := strings.Split(s, "\n")
	for i, line := range all {
		line, ended := strings.CutSuffix(line, "\r")
		all[i] = escapeLine(line)
		if ended {
			all[i] += "\r"
		}
	}
	return strings.Join(all, "\n")
}

// EscapeJSON returns a JSON document that means the same but for secrets, and holds no start of a command and no
// character that is not printable except the line breaks between its values.
func EscapeJSON(document []byte) []byte {
	document = redact.JSON(document)
	var b bytes.Buffer
	for _, r := range string(bytes.ReplaceAll(document, []byte("##"), []byte(`#\u0023`))) {
		if unprintable(r) && r != '\n' {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.Bytes()
}

// EscapeURI returns a path as the URI that SARIF names files by.
func EscapeURI(path string) string {
	u := url.URL{Path: redact.Text(path)}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

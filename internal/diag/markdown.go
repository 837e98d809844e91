// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"regexp"
	"strings"
)

// plainMarkdown is text that no Markdown reader takes for anything else, wherever it stands: words and numbers, with
// underscores within them only, and punctuation between them that starts nothing.
var plainMarkdown = func() *regexp.Regexp {
	const word, between = `[\pL\pN]+(?:_+[\pL\pN]+)*`, `(?:[ ,;.()%'"/=+-]|: )`
	return regexp.MustCompile(`^` + word + `(?:` + between + `+` + word + `)*` + between + `*:?$`)
}()

var (
	// listStart begins an ordered list.
	listStart = regexp.MustCompile(`^[0-9]+[.)](?: |$)`)
	// linkStart is what some readers take for a link without any markup.
	linkStart = regexp.MustCompile(`(?i)www\.|://|mailto:|xmpp:`)
	backticks = regexp.MustCompile("`+")
)

// EscapeMarkdown returns s as one piece of inline Markdown that is just text, also in a cell of a table: it is shown
// without links, images, mentions and HTML. What a reader could take for markup becomes code.
func EscapeMarkdown(s string) string {
	s = strings.TrimSpace(EscapeText(s))
	if s == "" {
		return ""
	}
	if plainMarkdown.MatchString(s) && !listStart.MatchString(s) && !linkStart.MatchString(s) {
		return s
	}
	// A pipe ends a cell even within code, unless a backslash stands before it. Another backslash before that one would
	// be read differently by different readers.
	s = strings.ReplaceAll(s, "|", `\|`)
	for strings.Contains(s, `\\|`) {
		s = strings.ReplaceAll(s, `\\|`, `\ \|`)
	}
	longest := 0
	for _, run := range backticks.FindAllString(s, -1) {
		longest = max(longest, len(run))
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"regexp"
	"slices"
	"strings"
)

// plainWord is a word that no Markdown reader takes for anything but text, after another word: letters and numbers, with
// underscores within them only, and punctuation that starts nothing. A percent sign stands at the end only: GitLab reads
// one before a name as a milestone.
var plainWord = func() *regexp.Regexp {
	const word, between = `[\pL\pN]+(?:_+[\pL\pN]+)*`, `[,;.()'"/=+→×-]+`
	return regexp.MustCompile(`^(?:[-→×=+/]|[('"+-]*` + word + `(?:` + between + word + `)*(?:%[,;.)]*|[,;.)'"]*:?))$`)
}()

var (
	// listStart begins an ordered list.
	listStart = regexp.MustCompile(`^[0-9]+[.)]$`)
	// firstWord is what the first word begins with.
	firstWord = regexp.MustCompile(`^[\pL\pN(]`)
	// linked is what some forges make a link of without any markup: addresses, and the key of an issue: "GH-12", and those
	// of other trackers. hash may be that of a commit.
	linked    = regexp.MustCompile(`(?i:www\.|://|mailto:|xmpp:)|\b(?i:GH|GL)-[0-9]|\b[A-Z]{1,10}-[0-9]`)
	hash      = regexp.MustCompile(`(?i)\b[0-9a-f]{7,64}\b`)
	backticks = regexp.MustCompile("`+")
)

// EscapeMarkdown returns s as one piece of inline Markdown that is just text, also in a cell of a table: it is shown
// without links, images, mentions, references and HTML. Words that a reader could take for markup become code.
func EscapeMarkdown(s string) string {
	words := strings.Fields(EscapeText(s))
	var out, code []string
	flush := func() {
		if len(code) > 0 {
			out, code = append(out, MarkdownCode(strings.Join(code, " "))), nil
		}
	}
	for i, w := range words {
		first := i == 0 && (!firstWord.MatchString(w) || listStart.MatchString(w))
		if first || !plainWord.MatchString(w) || linked.MatchString(w) || hasHash(w) {
			code = append(code, w)
			continue
		}
		flush()
		out = append(out, w)
	}
	flush()
	return strings.Join(out, " ")
}

// hasHash reports whether a word has what a forge may take for the hash of a commit. A number is none.
func hasHash(word string) bool {
	return slices.ContainsFunc(hash.FindAllString(word, -1), func(found string) bool {
		return strings.ContainsAny(found, "abcdefABCDEF")
	})
}

// MarkdownCode returns s as code within a line of Markdown, also in a cell of a table; "" for nothing.
func MarkdownCode(s string) string {
	s = strings.TrimSpace(EscapeText(s))
	if s == "" {
		return ""
	}
	// A pipe ends a cell even within code, unless a backslash stands before it. Another backslash before that one would
	// be read differently by different readers.
	s = strings.ReplaceAll(s, "|", `\|`)
	for strings.Contains(s, `\\|`) {
		s = strings.ReplaceAll(s, `\\|`, `\ \|`)
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// MarkdownFence returns a text of several lines as a block of code in a language.
func MarkdownFence(language, s string) string {
	s = strings.TrimSuffix(EscapeLines(s), "\n")
	fence := strings.Repeat("`", max(longestRun(s)+1, 3))
	return fence + language + "\n" + s + "\n" + fence + "\n"
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	longest := 0
	for _, run := range backticks.FindAllString(s, -1) {
		longest = max(longest, len(run))
	}
	return longest
}

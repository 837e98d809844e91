// SPDX-License-Identifier: Apache-2.0

package review

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"syncer.dev/syncer/internal/diag"
)

// The sizes of texts are our choice: what a person reads.
const (
	maxLine     = 200 // characters of a line
	maxProblems = 50  // of a comment on a pull request without a plan
)

// startOfMarker begins the markers of all clusters.
const startOfMarker = "<!-- syncer:"

// Marker is what the comment for a cluster begins with. It is not shown.
func Marker(cluster string) string { return startOfMarker + " " + cluster + " -->" }

func (r *Reviewer) marker() string { return Marker(r.options.Cluster) }

// body puts the marker in front of a text. No other marker is left in the text: it may quote a file of the repository,
// and the comment would then be taken for that of another cluster.
func (r *Reviewer) body(text string, limit int) string {
	out := r.marker() + "\n" + withoutMarkers(text)
	if len(out) > limit { // by the spaces that withoutMarkers has added
		out = out[:limit]
		out = strings.ToValidUTF8(out[:strings.LastIndexByte(out, '\n')+1], "")
	}
	return out
}

// withoutMarkers takes the start of each marker apart.
func withoutMarkers(text string) string {
	return strings.ReplaceAll(text, startOfMarker, "<! -- syncer:")
}

// broken is the comment on a pull request of which no plan can be made.
func (r *Reviewer) broken(pr PullRequest, err error) string {
	var b strings.Builder
	input := (*InputError)(nil)
	isInput := errors.As(err, &input)
	cluster := diag.EscapeMarkdown(r.options.Cluster)
	if isInput {
		fmt.Fprintf(&b, "### %s: no plan can be made of this pull request\n\n", cluster)
	} else {
		fmt.Fprintf(&b, "### %s: syncer could not make the plan, and tries again\n\n", cluster)
	}
	var problems []diag.Diagnostic
	if isInput {
		problems = input.Problems
	}
	if d, ok := diag.As(err); ok && len(problems) == 0 {
		problems = []diag.Diagnostic{d}
	}
	if len(problems) == 0 {
		fmt.Fprintf(&b, "%s\n", diag.EscapeMarkdown(reason(err)))
	}
	for i, p := range problems {
		if i == maxProblems {
			fmt.Fprintf(&b, "- %d more\n", len(problems)-maxProblems)
			break
		}
		hint := p.Hint
		p.Hint = ""
		fmt.Fprintf(&b, "- %s\n", diag.EscapeMarkdown(cut(p.String(), 2*maxLine)))
		if hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", diag.EscapeMarkdown(cut(hint, maxLine)))
		}
	}
	for i, hint := range diag.Hints(err) {
		if i == maxProblems || len(problems) > 0 {
			break
		}
		fmt.Fprintf(&b, "\nhint: %s\n", diag.EscapeMarkdown(cut(hint, maxLine)))
	}
	fmt.Fprintf(&b, "\nWhat merging it would change is unknown. Commit %s.\n", diag.EscapeMarkdown(short(pr.Head)))
	return b.String()
}

// tooLong is the comment in place of one that no forge accepts.
func (r *Reviewer) tooLong(pr PullRequest, line string) string {
	return fmt.Sprintf("### %s: %s\n\nThe plan is too long for a comment. To see it: `syncer plan --base %s --head %s`\n",
		diag.EscapeMarkdown(r.options.Cluster), diag.EscapeMarkdown(line), "origin/"+safeRef(pr.Target), short(pr.Head))
}

// safeRef is the name of a branch that can stand in a command line, or a word in its place.
func safeRef(name string) string {
	for _, c := range name {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && !strings.ContainsRune("-_./", c) {
			return "TARGET"
		}
	}
	return name
}

// oneLine is a text on one line, without what a terminal or a forge could take for a command, and bounded.
func oneLine(s string) string {
	return cut(diag.EscapeText(strings.Join(strings.Fields(s), " ")), maxLine)
}

// port is the local end of a connection in an error of Go. It is another one each time.
var port = regexp.MustCompile(`\b(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.%a-z]+\]):[0-9]+->`)

// reason is the text of an error that is the same for the same cause, so that nothing is written again for it.
func reason(err error) string { return oneLine(withoutPorts(err.Error())) }

func withoutPorts(s string) string { return port.ReplaceAllString(s, "") }

// cut cuts a text to a number of characters.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// list is a list of statements under a heading of bold text.
type list struct {
	items []item
	// left is the number of items, from the end, that are left out. short reports that reasons are.
	left  int
	short bool
}

// item is one statement: names, and the rest, as Markdown.
type item struct{ names, rest string }

func (l *list) add(names, rest string) { l.items = append(l.items, item{names, rest}) }

func (l *list) write(b *strings.Builder, heading string) {
	if len(l.items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n", heading)
	for _, it := range l.items[:len(l.items)-l.left] {
		b.WriteString("- " + it.text(l.short) + "\n")
	}
	if l.left > 0 {
		fmt.Fprintf(b, "- and %s more\n", plan.Thousands(l.left))
	}
}

// text is the statement; a short one has its names only, if it has any.
func (i item) text(short bool) string {
	switch {
	case i.names == "" || i.rest == "":
		return i.names + i.rest
	case short:
		return i.names
	}
	return i.names + ": " + i.rest
}

// size is the number of bytes of the last item that is not left out.
func (l *list) size() int {
	if l.left == len(l.items) {
		return 0
	}
	return len(l.items[len(l.items)-1-l.left].text(l.short)) + len("- \n")
}

// leaveOut leaves out items from the end until they have that many bytes, and keeps the first few. It reports whether
// there was any.
func (l *list) leaveOut(excess, keep int) bool {
	before := l.left
	for excess > 0 && len(l.items)-l.left > keep {
		excess -= l.size()
		l.left++
	}
	return l.left > before
}

// namedWorkspaces is the number of Workspaces that a warning names. Blockers name all.
const namedWorkspaces = 5

// statements makes a list of statements, each with the first Workspaces that it is about.
func statements(all []plan.Statement, named int) list {
	var l list
	for _, s := range all {
		rest := text(s.Text)
		if s.Hint != "" {
			rest += " — " + text(s.Hint)
		}
		l.add(keys(s.Workspaces, named), rest)
	}
	return l
}

// keys are the names of Workspaces, at most that many; 0 for all.
func keys(all []workspace.Key, most int) string {
	var names []string
	for i, k := range all {
		if most > 0 && i == most {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %s more", plan.Thousands(len(all)-i))
		}
		names = append(names, "**"+diag.MarkdownCode(k.String())+"**")
	}
	return strings.Join(names, ", ")
}

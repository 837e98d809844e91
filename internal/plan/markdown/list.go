// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

// list is a list of statements under a heading of bold text.
type list struct {
	items []item
	// left is the number of items, from the end, that are left out. short reports that reasons are. few, if not 0, is the
	// number of names that an item has at most.
	left  int
	short bool
	few   int
}

// item is one statement: what it is about, and the rest, both as Markdown.
type item struct {
	names []string
	rest  string
}

// The numbers of names: of a warning or a note, of an item that is cut at the very last, and up to which they are bold.
const (
	namesOfCaution = 5
	namesAtLast    = 20
	namesInBold    = 3
)

// write writes the list, if it has any item.
func (l *list) write(b *strings.Builder, heading string) {
	if len(l.items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n", heading)
	for i := range l.items[:len(l.items)-l.left] {
		b.WriteString("- " + l.text(i) + "\n")
	}
	if l.left > 0 {
		fmt.Fprintf(b, "- and %s more\n", plan.Thousands(l.left))
	}
}

// text is one statement; a short one has its names only, if it has any.
func (l *list) text(i int) string {
	it := l.items[i]
	names := it.names
	more := ""
	if l.few > 0 && len(names) > l.few {
		more = fmt.Sprintf(" and %s more", plan.Thousands(len(names)-l.few))
		names = names[:l.few]
	}
	all := strings.Join(names, ", ") + more
	if len(it.names) <= namesInBold && len(it.names) > 0 {
		all = "**" + strings.Join(names, "**, **") + "**"
	}
	switch {
	case all == "" || it.rest == "":
		return all + it.rest
	case l.short:
		return all
	}
	return all + ": " + it.rest
}

// leaveOut leaves out items from the end until they have that many bytes, and keeps the first few. It reports whether
// there was any.
func (l *list) leaveOut(excess, keep int) bool {
	before := l.left
	for excess > 0 && len(l.items)-l.left > keep {
		excess -= len(l.text(len(l.items)-1-l.left)) + len("- \n")
		l.left++
	}
	return l.left > before
}

// shorten leaves out what says more than names.
func (l *list) shorten() bool {
	if len(l.items) == 0 || l.short {
		return false
	}
	l.short = true
	return true
}

// cut leaves out names, of items that have many.
func (l *list) cut() bool {
	if len(l.items) == 0 || l.few > 0 {
		return false
	}
	l.few = namesAtLast
	return true
}

// statements makes a list of statements, each with that many of the Workspaces that it is about; 0 for all.
func statements(all []summary.Statement, few int) list {
	l := list{few: few}
	for _, s := range all {
		it := item{rest: text(s.Text)}
		if s.Hint != "" {
			it.rest += " — " + text(s.Hint)
		}
		for _, k := range s.Workspaces {
			it.names = append(it.names, diag.MarkdownCode(k.String()))
		}
		l.items = append(l.items, it)
	}
	return l
}

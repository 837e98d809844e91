// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status/transitions"
)

// A message holds at most so many transitions, and so many bytes of each text: chats cut longer ones.
const (
	maxLines = 20
	maxText  = 400
)

// message returns the title and the text of one message. Files and servers have written parts of it, so it mentions no
// one and links nowhere but where we say.
func message(cluster string, all []transitions.Transition) (title, text string) {
	first := all[0]
	title = fmt.Sprintf("%s: %s %s", plain(cluster), plain(first.Workspace.String()), plain(first.Title()))
	if len(all) > 1 {
		title = fmt.Sprintf("%s: %d Workspaces have changed", plain(cluster), len(all))
	}
	var b strings.Builder
	for i, t := range all {
		if i == maxLines {
			fmt.Fprintf(&b, "and %d more\n", len(all)-i)
			break
		}
		fmt.Fprintf(&b, "%s: %s", plain(t.Workspace.String()), plain(t.Title()))
		if t.Message != "" {
			b.WriteString(": " + plain(t.Message))
		}
		if t.Commit != "" {
			b.WriteString(" [commit " + plain(t.Commit[:min(len(t.Commit), 12)]) + "]")
		}
		b.WriteString("\n")
	}
	return title, strings.TrimSuffix(b.String(), "\n")
}

// inert replaces what chats take for markup, a mention or a link by what looks like it.
var inert = strings.NewReplacer(
	"->", "→", "<", "‹", ">", "›", "@", "＠", "&", "＆", "`", "'", "*", "∗", "://", ":⁄⁄", "[", "(", "]", ")",
)

// plain returns foreign text on one line, without secrets and markup.
func plain(s string) string {
	s = inert.Replace(diag.EscapeText(strings.ReplaceAll(s, "\n", "; ")))
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText]) + "…"
	}
	return s
}

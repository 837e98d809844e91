// SPDX-License-Identifier: Apache-2.0

package gitlab

import "strings"

// plain returns a note in which no line is a quick action: a line that begins with a slash and a name, such as
// "/merge". GitLab removes carriage returns before it looks, and spaces at the end of the note
// (lib/gitlab/quick_actions/extractor.rb). It skips code blocks, but by an expression that knows only some of them. So
// no line begins with a slash: in a code block a space stands before it, elsewhere a backslash, which Markdown does not
// show.
func plain(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r", ""), "\n")
	fence := ""
	for i, line := range lines {
		if strings.HasPrefix(line, "/") {
			if fence != "" {
				lines[i] = " " + line
			} else {
				lines[i] = `\` + line
			}
			continue
		}
		fence = fenced(fence, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \t\n\v\f\x00")
}

// fenced returns the fence that is open after a line, "" if none is (CommonMark 0.31, section 4.5).
func fenced(open, line string) string {
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) > 3 {
		return open
	}
	for _, mark := range []string{"`", "~"} {
		rest := strings.TrimLeft(text, mark)
		run := text[:len(text)-len(rest)]
		switch {
		case len(run) < 3:
		case open == "":
			if mark == "~" || !strings.Contains(rest, "`") {
				return run
			}
		case strings.HasPrefix(run, open) && strings.TrimSpace(rest) == "":
			return ""
		}
	}
	return open
}

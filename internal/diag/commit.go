// SPDX-License-Identifier: Apache-2.0

package diag

import "regexp"

var (
	// mention is the name of a person or team, whom a forge tells of the commit.
	mention = regexp.MustCompile(`(^|[^A-Za-z0-9_])@([A-Za-z0-9])`)
	// issue is the number of an issue, which a forge may close for the words before it.
	issue = regexp.MustCompile(`([#!])([0-9])`)
	// prefixed is an issue by the prefix of a tracker.
	prefixed = regexp.MustCompile(`(?i)\b(GH|GL)-([0-9])`)
)

// EscapeCommit returns s as part of one line of a commit message: forges find no mention and no issue to close in it.
func EscapeCommit(s string) string {
	s = EscapeText(s)
	s = mention.ReplaceAllString(s, "$1@ $2")
	s = issue.ReplaceAllString(s, "$1 $2")
	return prefixed.ReplaceAllString(s, "$1 $2")
}

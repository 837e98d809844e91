// SPDX-License-Identifier: Apache-2.0

// Package reasons carries the page of each reason in the binary, so that "syncer explain" needs no network. A page is
// the file of the reason's name: what it means, its cause, its cure, and an example that a test runs.
package reasons

import "embed"

//go:embed *.md
var pages embed.FS

// Page returns the page of a reason as Markdown, and whether there is one.
func Page(reason string) (string, bool) {
	text, err := pages.ReadFile(reason + ".md")
	return string(text), err == nil
}

// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// Explanation is what "explain" says about one reason.
type Explanation struct {
	Reason  diag.Reason `json:"reason"`
	Meaning string      `json:"meaning"`
	Page    string      `json:"page"` // Markdown
}

// Explanations returns the document of reasons.
func Explanations(items []Explanation) any { return list("ReasonList", items) }

// LinkReasons says which command explains the reasons of problems, each once.
func LinkReasons(w io.Writer, list []diag.Diagnostic) {
	var names []string
	for _, d := range list {
		if d.Reason.Meaning() != "" {
			names = append(names, string(d.Reason))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		diag.Fprintf(w, "to learn more: syncer explain %s\n", strings.Join(names, " "))
	}
}

// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status"
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
		names = append(names, string(d.Reason))
	}
	link(w, names)
}

// maxFailed bounds the failures below a table.
const maxFailed = 5

// SayFailed says why Workspaces have failed, which a table has no room for, and which command explains the reasons.
func SayFailed(w io.Writer, reports []*status.Report) {
	var names []string
	failed := 0
	for _, r := range reports {
		if r.State != status.Failed {
			continue
		}
		if failed++; failed <= maxFailed {
			diag.Fprintf(w, "%s: %s\n", r.Key, r.Headline())
		}
		for _, c := range r.Conditions {
			if c.Status != "True" {
				names = append(names, c.Reason)
			}
		}
	}
	if failed > maxFailed {
		diag.Fprintf(w, "and %d more have failed\n", failed-maxFailed)
	}
	link(w, names)
}

// SayWhy says of each Workspace which conditions do not hold and why, and which command explains the reasons. It is for
// Workspaces that were asked for by name: a table has room for the words True and False alone.
func SayWhy(w io.Writer, reports []*status.Report) {
	var names []string
	for _, r := range reports {
		var said []string
		for _, c := range r.Conditions {
			// WorkspaceSucceeded repeats what the condition that it waits for says.
			if c.Status == "True" && c.Reason != status.Moving || slices.Contains(said, c.Message) {
				continue
			}
			said, names = append(said, c.Message), append(names, c.Reason)
			first, more, _ := strings.Cut(c.Message, "\n")
			diag.Fprintf(w, "%s: %s=%s %s: %s\n", r.Key, c.Type, c.Status, c.Reason, first)
			for line := range strings.Lines(more) {
				diag.Fprintf(w, "  %s\n", strings.TrimSuffix(line, "\n"))
			}
		}
	}
	link(w, names)
}

// link names the command that explains those of the reasons that have a page.
func link(w io.Writer, names []string) {
	names = slices.DeleteFunc(names, func(name string) bool { return diag.Reason(name).Meaning() == "" })
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		diag.Fprintf(w, "to learn more: syncer explain %s\n", strings.Join(names, " "))
	}
}

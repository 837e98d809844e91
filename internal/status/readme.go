package status

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// readme is the overview that a forge shows when somebody opens the folder.
func readme(s Summary) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", cell(s.Cluster))
	if len(s.Reports) == 0 {
		b.WriteString("No Workspaces.\n")
	} else {
		b.WriteString("| Workspace | State | Instance | Nodes | USD/h | |\n|---|---|---|---|---|---|\n")
	}
	for _, r := range s.Reports {
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %d | %s | %s |\n",
			cell(r.Key.String()), FileName(r.Key), r.State, cell(r.InstanceType), r.TargetNodeCount, cell(r.HourlyCost), cell(r.Headline()))
	}
	var problems []workspace.Problem
	for _, p := range s.Problems {
		if p.Severity == workspace.Error {
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		b.WriteString("\n## Problems\n\n")
		for _, p := range problems {
			fmt.Fprintf(&b, "- %s\n", cell(Redact(p.String())))
		}
	}
	if len(s.Warnings) > 0 {
		b.WriteString("\n## Held back\n\n")
		for _, w := range s.Warnings {
			fmt.Fprintf(&b, "- %s\n", cell(Redact(w)))
		}
	}
	return []byte(b.String())
}

// Headline says in one line what a reader wants to know first: what a Workspace lacks, or else what is not as it was written.
func (r Report) Headline() string {
	for _, c := range r.Conditions {
		if c.Status == "False" {
			return firstLine(c.Message)
		}
	}
	for _, c := range r.Conditions {
		if c.Type == ResourceReady {
			return firstLine(c.Message)
		}
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// markdown escapes what Markdown would take for markup. Everything comes from files that anybody may have written.
var markdown = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ", "|", "\\|", "`", "\\`", "*", "\\*", "[", "\\[", "]", "\\]", "!", "\\!")

func cell(s string) string { return markdown.Replace(s) }

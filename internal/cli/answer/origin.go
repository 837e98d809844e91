// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"syncer.dev/syncer/internal/diag"
)

// Origin is where an object comes from, as "trace" answers it.
type Origin struct {
	Object    string  `json:"object"` // Kind/name
	Namespace string  `json:"namespace,omitempty"`
	Workspace string  `json:"workspace,omitempty"` // namespace/name; absent for a plain object of the repository
	Preset    string  `json:"preset,omitempty"`
	Path      string  `json:"path"`
	Line      int     `json:"line,omitempty"` // absent for an object that Kustomize has made
	Head      string  `json:"head"`           // the commit that was looked at
	Changed   *Change `json:"changed,omitempty"`
	// State and ObservedCommit are what the status branch says about the Workspace.
	State          string `json:"state,omitempty"`
	ObservedCommit string `json:"observedCommit,omitempty"`
}

// Change is the last commit that changed the file of an Origin.
type Change struct {
	Commit  string `json:"commit"`
	Author  string `json:"author"`
	Time    string `json:"time"` // RFC 3339
	Subject string `json:"subject"`
}

// PrintOrigins prints each Origin as a few lines, from the object back to the commit, or all as json or yaml.
func PrintOrigins(w io.Writer, items []Origin, format string) error {
	var names []string
	for _, o := range items {
		names = append(names, diag.Position{Path: o.Path, Line: o.Line, Column: min(o.Line, 1)}.String())
	}
	return PrintAs(w, format, list("OriginList", items), names, func() error { return writeOrigins(w, items) })
}

func writeOrigins(w io.Writer, items []Origin) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	line := func(name string, parts ...string) {
		if text := join(parts...); text != "" {
			fmt.Fprintf(t, "%s:\t%s\n", name, diag.EscapeText(text))
		}
	}
	for i, o := range items {
		if i > 0 {
			fmt.Fprintln(t)
		}
		line("Object", o.Object, named("-n", o.Namespace))
		line("Workspace", o.Workspace, named("preset", o.Preset))
		line("File", diag.Position{Path: o.Path, Line: o.Line, Column: min(o.Line, 1)}.String())
		if c := o.Changed; c != nil {
			line("Commit", short(c.Commit), c.Time, c.Author, c.Subject)
		} else {
			line("Commit", "older than the history that was read")
		}
		line("Status", o.State, named("carried out", short(o.ObservedCommit)))
	}
	return t.Flush()
}

func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

func short(hash string) string { return strings.Clone(hash[:min(len(hash), 12)]) }

// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/diag"
)

// Adoption is the answer of "adopt" for one cluster.
type Adoption struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Cluster    string       `json:"cluster"`
	Done       bool         `json:"done"` // false: the steps are a plan
	Items      []AdoptedRow `json:"items"`
}

// AdoptedRow is one step.
type AdoptedRow struct {
	Object    string   `json:"object"` // Kind/name
	Namespace string   `json:"namespace,omitempty"`
	Action    string   `json:"action"`
	Owners    []string `json:"owners,omitempty"`  // Kind/name
	Restart   string   `json:"restart,omitempty"` // no, yes or unknown
	Because   []string `json:"because,omitempty"` // the fields because of which pods restart
	Replaced  []string `json:"replaced,omitempty"`
	Note      string   `json:"note,omitempty"`
}

// AdoptionOf makes the answer of steps.
func AdoptionOf(cluster string, steps []adoption.Step, done bool) Adoption {
	out := Adoption{APIVersion: APIVersion, Kind: "Adoption", Cluster: cluster, Done: done, Items: []AdoptedRow{}}
	for _, s := range steps {
		row := AdoptedRow{
			Object:    s.Ref.Kind + "/" + s.Ref.Name,
			Namespace: s.Ref.Namespace,
			Action:    string(s.Action),
			Restart:   string(s.Restart),
			Because:   s.Because,
			Replaced:  s.Replaced,
			Note:      s.Note,
		}
		for _, r := range s.Owners {
			row.Owners = append(row.Owners, r.Kind+"/"+r.Name)
		}
		out.Items = append(out.Items, row)
	}
	return out
}

// restart says what becomes of the pods of the object.
func (r AdoptedRow) restart() (out []string) {
	switch adoption.Restart(r.Restart) {
	case adoption.NoRestart:
		return []string{"no restart"}
	case adoption.UnknownRestart:
		return []string{"restart unknown"}
	case adoption.Restarts:
		out = []string{"restart: " + strings.Join(r.Because, "; ")}
		if len(r.Replaced) > 0 {
			out = append(out, "it is recreated then, because "+strings.Join(r.Replaced, ", ")+" cannot change")
		}
	}
	return out
}

// Print prints a line for each step, or all of them as json or yaml.
func (a Adoption) Print(w io.Writer, format string) error {
	var names []string
	for _, r := range a.Items {
		names = append(names, r.Object)
	}
	return PrintAs(w, format, a, names, func() error {
		t := newTable(w, 2, 0)
		for _, r := range a.Items {
			var parts []string
			if where := map[string]string{"detach": "from ", "restore": "to "}[r.Action]; where != "" {
				parts = append(parts, where+strings.Join(r.Owners, ", "))
			}
			parts = append(append(parts, r.restart()...), r.Note)
			note := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Action, diag.EscapeText(r.Namespace), diag.EscapeText(r.Object),
				diag.EscapeText(note))
		}
		return t.Flush()
	})
}

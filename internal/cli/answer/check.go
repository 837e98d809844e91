// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"errors"
	"fmt"
	"io"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preflight"
)

// Check is the answer of "check" for one cluster.
type Check struct {
	Cluster string           `json:"cluster"`
	User    string           `json:"user,omitempty"` // as whom Kubernetes knows the one who asks
	Items   []preflight.Line `json:"items"`
}

// checkDocument is the answer of "check -o json" for one cluster.
type checkDocument struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Check
}

// PrintChecks prints a line for each need, in text, or in another form: a Check, or a CheckList of several clusters.
func PrintChecks(w io.Writer, all []Check, format string) error {
	var names []string // of what is missing
	for _, c := range all {
		for _, l := range c.Items {
			if l.State != preflight.OK {
				names = append(names, l.Check)
			}
		}
	}
	document := list("CheckList", all)
	if len(all) == 1 {
		document = checkDocument{APIVersion, "Check", all[0]}
	}
	return PrintAs(w, format, document, names, func() error {
		for _, c := range all {
			if len(all) > 1 {
				diag.Fprintf(w, "cluster %s\n", c.Cluster)
			}
			if err := c.print(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// print prints the lines as a table, each with its fix below.
func (c Check) print(w io.Writer) error {
	t := newTable(w, 2, 0)
	for _, l := range c.Items {
		detail := l.Detail
		if detail != "" {
			detail = "\t" + diag.EscapeText(detail)
		}
		fmt.Fprintf(t, "%s\t%s\t%s%s\n", l.State, l.Area, diag.EscapeText(l.Check), detail)
		if l.Fix != "" {
			fmt.Fprintf(t, "  fix: %s\n", diag.EscapeText(l.Fix))
		}
	}
	return t.Flush()
}

// Checked is nil if nothing is missing, the answer "no" if something is, and another error if a server did not answer:
// then the answer is not known.
func Checked(all []Check) error {
	missing, failed := 0, 0
	for _, c := range all {
		missing += preflight.Count(c.Items, preflight.Missing)
		failed += preflight.Count(c.Items, preflight.Failed)
	}
	switch {
	case failed > 0 && missing > 0:
		return fmt.Errorf("%s missing, and %s could not be checked", Plural(missing, "need"), Plural(failed, "other"))
	case failed > 0:
		return errors.New(Plural(failed, "need") + " could not be checked")
	case missing > 0:
		return No("%s missing", Plural(missing, "need"))
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

// Package explaining answers "explain": it looks reasons up, and prints their pages or the list of all.
package explaining

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"syncer.dev/syncer/docs/reasons"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Words returns the reasons as a shell proposes them: each with a tab and its meaning.
func Words() []string {
	var names []string
	for _, e := range diag.Explained() {
		names = append(names, string(e.Reason)+"\t"+e.Meaning)
	}
	return names
}

// Print prints the pages of the named reasons, or the list of all if none is named, as text, json or yaml. The error
// names a reason that is not known.
func Print(w io.Writer, names []string, output string) error {
	chosen := diag.Explained()
	if len(names) > 0 {
		chosen = nil
	}
	for _, name := range names {
		e, err := find(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, e)
	}
	switch {
	case output == "json":
		return answer.PrintJSON(w, document(chosen))
	case output == "yaml":
		return answer.PrintYAML(w, document(chosen))
	case len(names) == 0:
		return printList(w, chosen)
	}
	for i, e := range chosen {
		if i > 0 {
			fmt.Fprintln(w)
		}
		page, _ := reasons.Page(string(e.Reason)) // a test: each reason has one
		if _, err := io.WriteString(w, page); err != nil {
			return err
		}
	}
	return nil
}

// find returns the reason of a name, in any case of letters.
func find(name string) (diag.Entry, error) {
	all := diag.Explained()
	if i := slices.IndexFunc(all, func(e diag.Entry) bool { return strings.EqualFold(string(e.Reason), name) }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, e := range all {
		known = append(known, string(e.Reason))
	}
	hint := `see "syncer explain"`
	if meant := strictyaml.Suggest(name, known); meant != "" {
		hint = fmt.Sprintf("did you mean %s?", meant)
	}
	return diag.Entry{}, fmt.Errorf("reason %q is not known (%s)", name, hint)
}

// printList prints a list of reasons with their meanings.
func printList(w io.Writer, all []diag.Entry) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "REASON\tMEANING")
	for _, e := range all {
		fmt.Fprintf(t, "%s\t%s\n", e.Reason, e.Meaning)
	}
	return t.Flush()
}

// document is the document of reasons, with their pages.
func document(all []diag.Entry) any {
	items := []answer.Explanation{}
	for _, e := range all {
		page, _ := reasons.Page(string(e.Reason))
		items = append(items, answer.Explanation{Reason: e.Reason, Meaning: e.Meaning, Page: page})
	}
	return answer.Explanations(items)
}

// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/docs/reasons"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
)

// explainOptions are the options of "explain".
type explainOptions struct {
	Stdio
	reasons []string // none lists all
	output  string
}

func newExplain(std Stdio) *cobra.Command {
	o := explainOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "explain [REASON...]",
		Short: "Say what a reason means, with its cause, its cure and an example",
		Long: `Print the page of each REASON: what it means, what causes it, what to do about it, and an example. A reason is
the word in CamelCase that each problem and each condition has, such as UnknownField or QuotaExceeded. Without REASON,
list all of them.`,
		Example:           "  syncer explain QuotaExceeded\n  syncer explain",
		ValidArgsFunction: completeReason,
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json or yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.reasons = args
		return o.run(cmd.Context())
	}
	return cmd
}

// completeReason completes a REASON.
func completeReason(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, e := range diag.Reasons() {
		names = append(names, string(e.Reason)+"\t"+e.Meaning)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// run prints the pages, or the list.
func (o explainOptions) run(context.Context) error {
	if err := oneOf("-o", o.output, "text", "json", "yaml"); err != nil {
		return err
	}
	chosen := diag.Reasons()
	if len(o.reasons) > 0 {
		chosen = nil
	}
	for _, name := range o.reasons {
		e, err := findReason(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, e)
	}
	switch {
	case o.output == "json":
		return answer.PrintJSON(o.Out, reasonList(chosen))
	case o.output == "yaml":
		return answer.PrintYAML(o.Out, reasonList(chosen))
	case len(o.reasons) == 0:
		return printReasons(o.Out, chosen)
	}
	for i, e := range chosen {
		if i > 0 {
			fmt.Fprintln(o.Out)
		}
		page, _ := reasons.Page(string(e.Reason)) // a test: each reason has one
		if _, err := io.WriteString(o.Out, page); err != nil {
			return err
		}
	}
	return nil
}

// findReason returns the reason of a name, in any case of letters.
func findReason(name string) (diag.Entry, error) {
	all := diag.Reasons()
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

// printReasons prints a list of reasons with their meanings.
func printReasons(w io.Writer, all []diag.Entry) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "REASON\tMEANING")
	for _, e := range all {
		fmt.Fprintf(t, "%s\t%s\n", e.Reason, e.Meaning)
	}
	return t.Flush()
}

// reasonList is the document of reasons, with their pages.
func reasonList(all []diag.Entry) any {
	items := []any{}
	for _, e := range all {
		page, _ := reasons.Page(string(e.Reason))
		items = append(items, map[string]any{"reason": e.Reason, "meaning": e.Meaning, "page": page})
	}
	return map[string]any{"apiVersion": wellknown.APIVersion, "kind": "ReasonList", "items": items}
}

// linkReasons says which command explains the reasons of problems, each once.
func linkReasons(w io.Writer, list []diag.Diagnostic) {
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

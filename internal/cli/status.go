// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status"
)

// statusOptions are the options of "status".
type statusOptions struct {
	Stdio
	settings settings.Settings

	name   string // of one Workspace; empty for all
	output string
	watch  bool
}

func newStatus(std Stdio) *cobra.Command {
	o := statusOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the Workspaces, as recorded on the status branch",
		Long: `Show what the status branch says about the Workspaces of this cluster, with the columns of "kubectl get
workspace".

Without source.url the branch is that of the repository of the current folder. There, your own git fetches it first, and
the cluster need not be named if the branch holds one cluster. With a NAME, the lines below the table say which
conditions do not hold, and why; -o json and -o yaml print one object.`,
		Example: `  syncer status
  syncer status workspace-phi-4-mini -o yaml
  syncer status -o wide --watch`,
		Args: cobra.MaximumNArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	outputFlag(cmd, &o.output, "table", "wide")
	completesArgument(cmd, propose.Workspaces(&o.settings))
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "keep running, and print after each change")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.name = args[0]
		}
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints the Reports on the status branch. With watch it prints them after every change, until interrupted.
func (o statusOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output, "wide"); err != nil {
		return err
	}
	c, r, err := recorded.Open(ctx, o.settings, o.Err)
	if err != nil {
		return err
	}
	if o.watch {
		output := recorded.Output{Out: o.Out, Talk: o.Err, Print: o.print}
		return recorded.Watch(ctx, r, o.name, c.Source.Interval, output)
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	if err := o.print(o.Out, o.Err, reports); err != nil {
		return err
	}
	if len(reports) == 0 {
		diag.Fprintf(o.Err, "no Workspaces are recorded for cluster %s on branch %s\n", r.Cluster, c.Status.Branch)
	}
	return nil
}

// print prints the Reports in the form of -o. A Workspace that was named is one object, not a list. What a table has no
// room for goes to talk, so that scripts find the columns alone: why Workspaces have failed, or all that does not hold
// of one that was named.
func (o statusOptions) print(w, talk io.Writer, reports []*status.Report) error {
	switch {
	case o.output != "table" && o.output != "wide":
	case o.name == "":
		defer answer.SayFailed(talk, reports)
	default:
		defer answer.SayWhy(talk, reports)
	}
	if o.name == "" || len(reports) != 1 {
		return answer.PrintReports(w, reports, o.output)
	}
	return answer.PrintReport(w, reports[0], o.output)
}

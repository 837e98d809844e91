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
the cluster need not be named if the branch holds one cluster. With a NAME, -o json and -o yaml print one object.`,
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
		print := func(w io.Writer, all []*status.Report) error { return o.print(w, all) }
		return recorded.Watch(ctx, r, o.name, c.Source.Interval, o.Out, print)
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	if err := o.print(o.Out, reports); err != nil {
		return err
	}
	if len(reports) == 0 {
		diag.Fprintf(o.Err, "no Workspaces are recorded for cluster %s on branch %s\n", r.Cluster, c.Status.Branch)
	}
	if o.output == "table" || o.output == "wide" {
		answer.SayFailed(o.Err, reports)
	}
	return nil
}

// print prints the Reports in the form of -o. A Workspace that was named is one object, not a list.
func (o statusOptions) print(w io.Writer, reports []*status.Report) error {
	if o.name == "" || len(reports) != 1 {
		return answer.PrintReports(w, reports, o.output)
	}
	return answer.PrintReport(w, reports[0], o.output)
}

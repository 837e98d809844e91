// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
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

Without source.url the branch is that of the repository of the current folder, as of the last git fetch. There, the
cluster need not be named if the branch holds one cluster.`,
		Example: `  syncer status
  syncer status workspace-phi-4-mini -o yaml
  syncer status -o wide --watch`,
		Args: cobra.MaximumNArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().StringVarP(&o.output, "output", "o", "table", "table, wide, json or yaml")
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
	if err := oneOf("-o", o.output, "table", "wide", "json", "yaml"); err != nil {
		return err
	}
	c, r, err := openStatus(ctx, o.Stdio, o.settings)
	if err != nil {
		return err
	}
	if o.watch {
		print := func(w io.Writer, all []status.Report) error { return answer.PrintReports(w, all, o.output) }
		return recorded.Watch(ctx, r, o.name, c.Source.Interval, o.Out, print)
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	if err := answer.PrintReports(o.Out, reports, o.output); err != nil {
		return err
	}
	if len(reports) == 0 {
		diag.Fprintf(o.Err, "no Workspaces are recorded for cluster %s on branch %s\n", r.Cluster, c.Status.Branch)
	}
	return nil
}

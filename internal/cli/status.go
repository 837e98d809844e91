// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/clock"
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
	given := configFlags(cmd, std)
	cmd.Flags().StringVarP(&o.output, "output", "o", "table", "table, wide, json or yaml")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "keep running, and print after each change")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.settings = given()
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
	var shown []byte
	for {
		reports, err := recorded(ctx, r, o.name)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := answer.PrintReports(&b, reports, o.output); err != nil {
			return err
		}
		if !bytes.Equal(shown, b.Bytes()) {
			shown = b.Bytes()
			if _, err := o.Out.Write(shown); err != nil {
				return err
			}
		}
		if !o.watch {
			if len(reports) == 0 {
				diag.Fprintf(o.Err, "no Workspaces are recorded for cluster %s on branch %s\n", r.Cluster, c.Status.Branch)
			}
			return nil
		}
		if err := clock.Sleep(ctx, min(c.Source.Interval, maxWatchInterval)); err != nil {
			return err
		}
	}
}

// maxWatchInterval bounds the time between two reads of the status branch by "status --watch".
const maxWatchInterval = 2 * time.Second

// recorded returns the Reports on the status branch; of the named Workspace only, if one is named.
func recorded(ctx context.Context, r statusbranch.Reader, name string) ([]status.Report, error) {
	files, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	all := status.FromFiles(files, time.Now())
	if name == "" {
		return all, nil
	}
	var out []status.Report
	for _, report := range all {
		if report.Name == name || report.Key.String() == name {
			out = append(out, report)
		}
	}
	if len(out) == 0 {
		return nil, answer.No("Workspace %q is not recorded", name)
	}
	return out, nil
}

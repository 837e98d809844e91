// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
)

// treeOptions are the options of "tree".
type treeOptions struct {
	Stdio
	settings settings.Settings

	name, output string
}

func newTree(std Stdio) *cobra.Command {
	o := treeOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "tree NAME",
		Short: "Show what a Workspace consists of: conditions, pools, nodes and objects",
		Long: `Show what the status branch says about one Workspace, as a tree: its conditions, its pools with their
nodes, and its objects. Without source.url the branch is that of the repository of the current folder; see
"syncer status".`,
		Example: `  syncer tree workspace-phi-4-mini`,
		Args:    cobra.ExactArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	outputFlag(cmd, &o.output, "table")
	completesArgument(cmd, propose.Workspaces(&o.settings))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints one tree for each Workspace of the name: those of several namespaces may have one.
func (o treeOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	_, r, err := openStatus(ctx, o.Stdio, o.settings)
	if err != nil {
		return err
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	if o.output != "" && o.output != "table" && o.output != "text" {
		return statusOptions{Stdio: o.Stdio, name: o.name, output: o.output}.print(o.Out, reports)
	}
	for _, report := range reports {
		if err := answer.PrintTree(o.Out, answer.TreeOf(report)); err != nil {
			return err
		}
	}
	return nil
}

// openStatus opens the status branch, and says on standard error which one, and how old what it says is.
func openStatus(ctx context.Context, std Stdio, s settings.Settings) (config.Config, statusbranch.Reader, error) {
	c, err := s.Load()
	if err != nil {
		return c, statusbranch.Reader{}, err
	}
	r, err := statusbranch.Open(ctx, c, statusbranch.Fetched)
	if err != nil {
		return c, r, err
	}
	if r.Stale != nil {
		diag.Fprintf(std.Err, "as of the last git fetch: %v\n", r.Stale)
	}
	from := cmp.Or(r.From, "the branch "+c.Status.Branch)
	if last, err := r.History(ctx, 1); err == nil && len(last) == 1 {
		from += ", recorded " + answer.Ago(time.Since(last[0].Time))
	}
	diag.Fprintf(std.Err, "reading %s\n", from)
	return c, r, nil
}

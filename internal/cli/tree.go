// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
)

// treeOptions are the options of "tree".
type treeOptions struct {
	Stdio
	settings settings.Settings
	name     string
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
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints one tree for each Workspace of the name: those of several namespaces may have one.
func (o treeOptions) run(ctx context.Context) error {
	_, r, err := openStatus(ctx, o.Stdio, o.settings)
	if err != nil {
		return err
	}
	reports, err := recorded.Reports(ctx, r, o.name, time.Now())
	if err != nil {
		return err
	}
	for _, report := range reports {
		if err := answer.PrintTree(o.Out, answer.TreeOf(report)); err != nil {
			return err
		}
	}
	return nil
}

// openStatus opens the status branch, and says on standard error which one, if it is that of a clone.
func openStatus(ctx context.Context, std Stdio, s settings.Settings) (config.Config, statusbranch.Reader, error) {
	c, err := s.Load()
	if err != nil {
		return c, statusbranch.Reader{}, err
	}
	r, err := statusbranch.Open(ctx, c)
	if err == nil && r.From != "" {
		diag.Fprintf(std.Err, "reading %s\n", r.From)
	}
	return c, r, err
}

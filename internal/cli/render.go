// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/rendering"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
)

// renderOptions are the options of "render".
type renderOptions struct {
	Stdio
	settings settings.Settings

	paths        []string
	output, size string
	nodes        int
}

func newRender(std Stdio) *cobra.Command {
	o := renderOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "render PATH...",
		Short: "Print the objects of Workspaces, offline",
		Long: `Print exactly the objects that syncer would apply for the Workspaces in each PATH, without a cluster and
without Azure. Secrets are left out, and a warning names each object that has one.`,
		Example: `  syncer render example-repo/workspaces/phi-4-mini.yaml
  syncer render workspaces --size Standard_NC48ads_A100_v4 -o json`,
		Args: cobra.MinimumNArgs(1),
	}
	offlineFlags(cmd, std, &o.settings)
	cmd.Flags().StringVar(&o.size, "size", "", "VM size to render for, instead of the one in the file")
	outputFlag(cmd, &o.output, "yaml")
	completes(cmd, "size", propose.Sizes)
	cmd.Flags().IntVar(&o.nodes, "nodes", 0, "number of nodes to render for, instead of the required number")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		o.paths = paths
		return o.run(cmd.Context())
	}
	return cmd
}

// run renders each PATH, and prints all objects at the end.
func (o renderOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if o.nodes < 0 {
		return errors.New("--nodes must not be negative")
	}
	offline, err := o.settings.Offline(o.paths)
	if err != nil {
		return err
	}
	r, err := rendering.Of(ctx, offline, rendering.Request{Paths: o.paths, Size: o.size, Nodes: o.nodes})
	for _, note := range r.Notes {
		fmt.Fprintln(o.Err, diag.EscapeText(note))
	}
	if err != nil {
		return err
	}
	for _, p := range r.Problems {
		fmt.Fprintln(o.Err, diag.EscapeText(p.String()))
	}
	for _, w := range r.Warnings {
		diag.Fprintf(o.Err, "warning: %s\n", w)
	}
	if err := answer.PrintObjects(o.Out, r.Objects, o.output); err != nil {
		return err
	}
	if n := r.Problems.Errors(); n > 0 {
		return answer.No("%s; objects that cannot be rendered are left out", answer.Plural(n, "error"))
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
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
	given := offlineFlags(cmd, std)
	cmd.Flags().StringVarP(&o.output, "output", "o", "yaml", "yaml or json")
	cmd.Flags().StringVar(&o.size, "size", "", "VM size to render for, instead of the one in the file")
	cmd.Flags().IntVar(&o.nodes, "nodes", 0, "number of nodes to render for, instead of the required number")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		o.paths, o.settings = paths, given()
		return o.run(cmd.Context())
	}
	return cmd
}

// run renders each PATH, and prints all objects at the end.
func (o renderOptions) run(ctx context.Context) error {
	if err := oneOf("-o", o.output, "yaml", "json"); err != nil {
		return err
	}
	if o.nodes < 0 {
		return errors.New("--nodes must not be negative")
	}
	offline, err := o.settings.Offline(o.paths)
	if err != nil {
		return err
	}
	inputs, err := offline.ReadPaths(o.paths)
	if err != nil {
		return err
	}
	policy := source.PolicyOf(offline.Config)
	policy.Nodes = o.nodes
	items := []any{}
	var problems diag.List
	var warnings []string
	for _, in := range inputs {
		d, err := o.render(ctx, in, policy)
		if err != nil {
			return err
		}
		for _, object := range d.Objects {
			shown, hidden := redacted(object.Content.Object)
			if hidden {
				warnings = append(warnings, fmt.Sprintf("%s/%s: the values of secrets are not printed, but %s instead",
					object.Content.GetKind(), object.Content.GetName(), redact.Mark))
			}
			items = append(items, shown)
		}
		problems = append(problems, d.Problems...)
	}
	for _, p := range problems.Unique() {
		fmt.Fprintln(o.Err, diag.EscapeText(p.String()))
	}
	for _, w := range warnings {
		diag.Fprintf(o.Err, "warning: %s\n", w)
	}
	if err := printObjects(o.Out, items, o.output); err != nil {
		return err
	}
	if n := problems.Unique().Errors(); n > 0 {
		return answer.No("%s; objects that cannot be rendered are left out", answer.Plural(n, "error"))
	}
	return nil
}

// render returns the objects of one PATH. A pending Workspace is rendered as if it had nodes.
func (o renderOptions) render(ctx context.Context, in desired.Input, policy desired.Policy) (desired.Desired, error) {
	if o.size != "" {
		for i := range in.Set.Workspaces {
			in.Set.Workspaces[i].Resource.InstanceType = o.size
		}
	}
	d, waiting, err := engine.Offline(ctx, in, policy)
	for _, key := range slices.SortedFunc(maps.Keys(waiting), workspace.Key.Compare) {
		fmt.Fprintln(o.Err, diag.EscapeText(fmt.Sprintf("%s has no place, and is printed as if it had nodes", key)))
	}
	for i := range d.Workloads {
		if w := d.Workloads[i]; w.Assumed != "" {
			fmt.Fprintln(o.Err, diag.EscapeText(fmt.Sprintf("%s: %s", w.Key, w.Assumed)))
		}
	}
	return d, err
}

// redacted returns an object without secrets, and whether it holds any.
func redacted(object map[string]any) (map[string]any, bool) {
	shown := redact.Object(object)
	return shown, !reflect.DeepEqual(shown, object)
}

// printObjects prints Kubernetes objects as YAML documents, or as a JSON List.
func printObjects(w io.Writer, items []any, output string) error {
	if output == "json" {
		return answer.PrintJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	for _, item := range items {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
		if err := answer.PrintYAML(w, item); err != nil {
			return err
		}
	}
	return nil
}

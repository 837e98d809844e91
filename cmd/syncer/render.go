package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

func newRender(std stdio) *cobra.Command {
	var output, size string
	var nodes int
	cmd := &cobra.Command{
		Use:   "render PATH...",
		Short: "Print the objects of Workspaces, offline",
		Long:  `Print exactly the objects that would be applied for the Workspaces in each PATH, without a cluster and without Azure.`,
		Example: `  syncer render example-repo/workspaces/phi-4-mini.yaml
  syncer render workspaces --size Standard_NC48ads_A100_v4 -o json`,
		Args: cobra.MinimumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVarP(&output, "output", "o", "yaml", "yaml or json")
	cmd.Flags().StringVar(&size, "size", "", "VM size to render for, instead of the one in the file")
	cmd.Flags().IntVar(&nodes, "nodes", 0, "number of nodes to render for, instead of the number that it takes")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		if output != "yaml" && output != "json" {
			return fmt.Errorf("-o %q is not one of yaml, json", output)
		}
		if nodes < 0 {
			return fmt.Errorf("--nodes must not be negative")
		}
		offline, err := cfg.offline(paths)
		if err != nil {
			return err
		}
		inputs, err := offline.readPaths(paths)
		if err != nil {
			return err
		}
		items := []any{}
		failed := 0
		for _, in := range inputs {
			for i := range in.Set.Workspaces {
				if size != "" {
					in.Set.Workspaces[i].Resource.InstanceType = size
				}
			}
			policy := policyOf(offline.config)
			policy.Nodes = nodes
			desired, waiting, err := desire(cmd.Context(), in, policy, plan.Observed{})
			if err != nil {
				return err
			}
			for _, key := range slices.SortedFunc(maps.Keys(waiting), workspace.Key.Compare) {
				fmt.Fprintf(std.err, "%s waits for a place, and is printed as if it had one: %s\n", key, waiting[key])
			}
			for _, o := range desired.Objects {
				items = append(items, o.Content.Object)
			}
			for _, p := range desired.Problems {
				fmt.Fprintln(std.err, p)
				if p.Severity == workspace.Error {
					failed++
				}
			}
		}
		if err := printObjects(std.out, items, output); err != nil {
			return err
		}
		if failed > 0 {
			return no("%s; what has errors is left out", plural(failed, "error"))
		}
		return nil
	}
	return cmd
}

// printObjects prints Kubernetes objects as YAML documents, or as a JSON List.
func printObjects(w io.Writer, items []any, output string) error {
	if output == "json" {
		return printJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	for _, item := range items {
		data, err := yaml.Marshal(item)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "---\n%s", data); err != nil {
			return err
		}
	}
	return nil
}

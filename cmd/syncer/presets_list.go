package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/preset"
)

// presetItem is one line of "presets list -o json".
type presetItem struct {
	Name          string   `json:"name"`
	Aliases       []string `json:"aliases,omitempty"`
	Repo          string   `json:"repo,omitempty"`
	Revision      string   `json:"revision,omitempty"`
	License       string   `json:"license,omitempty"`
	WeightsGiB    float64  `json:"weightsGiB"`
	ContextLength int      `json:"contextLength"`
	Runtimes      []string `json:"runtimes,omitempty"`
	Tuning        bool     `json:"tuning"`
	Gated         bool     `json:"gated"`
	Deprecated    string   `json:"deprecated,omitempty"`
	From          string   `json:"from,omitempty"` // folder of the repository; none for a built-in one
}

func newPresetsList(std stdio) *cobra.Command {
	var output, repository string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the models that can be served and tuned",
		Example: "  syncer presets list\n  syncer presets list -o json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	repositoryFlag(cmd, &repository)
	cmd.RunE = func(*cobra.Command, []string) error {
		if output != "table" && output != "json" {
			return fmt.Errorf("-o %q is not one of table, json", output)
		}
		catalog, err := loadCatalog(std, repository)
		if err != nil {
			return err
		}
		if output == "json" {
			items := []presetItem{}
			for _, p := range catalog.All() {
				items = append(items, itemOf(catalog, p))
			}
			err = printJSON(std.out, map[string]any{"apiVersion": apiVersion, "kind": "PresetList", "items": items})
		} else {
			t := tabwriter.NewWriter(std.out, 0, 8, 3, ' ', 0)
			fmt.Fprintln(t, "NAME\tWEIGHTS\tCONTEXT\tTUNING\tLICENSE\tREPOSITORY")
			for _, p := range catalog.All() {
				if p.Deprecated == "" {
					fmt.Fprintf(t, "%s\t%.1f GiB\t%d\t%t\t%s\t%s\n", p.Name, gib(p.Model.WeightBytes), p.Model.ContextLength, p.Tuning != nil, p.License, p.Repo)
				}
			}
			err = t.Flush()
		}
		if n := len(catalog.Problems()); err == nil && n > 0 {
			return no("%s; what has errors is left out", plural(n, "error"))
		}
		return err
	}
	return cmd
}

func gib(bytes int64) float64 { return float64(bytes) / (1 << 30) }

func itemOf(c *preset.Catalog, p preset.Preset) presetItem {
	item := presetItem{
		Name: p.Name, Aliases: p.Aliases, Repo: p.Repo, Revision: p.Revision, License: p.License, WeightsGiB: gib(p.Model.WeightBytes),
		ContextLength: p.Model.ContextLength, Tuning: p.Tuning != nil, Gated: p.Gated, Deprecated: p.Deprecated, From: c.From(p.Name),
	}
	for _, r := range p.Runtimes {
		item.Runtimes = append(item.Runtimes, string(r))
	}
	return item
}

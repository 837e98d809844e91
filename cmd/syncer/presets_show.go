package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/preset"
)

func newPresetsShow(std stdio) *cobra.Command {
	var output, repository string
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show all that is known about a model, and where it is from",
		Long: `Show every fact about a model with its source. NAME is the name of a preset, one of its aliases or its Hugging Face
repository, without regard to case.`,
		Example: "  syncer presets show phi-4\n  syncer presets show microsoft/Phi-4-mini-instruct -o yaml",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json or yaml")
	repositoryFlag(cmd, &repository)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if output != "table" && output != "json" && output != "yaml" {
			return fmt.Errorf("-o %q is not one of table, json, yaml", output)
		}
		catalog, err := loadCatalog(std, repository)
		if err != nil {
			return err
		}
		p, err := findPreset(catalog, args[0])
		if err != nil {
			return err
		}
		if output == "table" {
			return printFacts(std, catalog, p)
		}
		content, err := catalog.Content(p)
		if err != nil {
			return err
		}
		view := map[string]any{"apiVersion": apiVersion, "kind": "Preset", "name": p.Name, "spec": content}
		if from := catalog.From(p.Name); from != "" {
			view["from"] = from
		}
		if output == "json" {
			return printJSON(std.out, view)
		}
		text, err := yaml.Marshal(view)
		if err == nil {
			_, err = std.out.Write(text)
		}
		return err
	}
	return cmd
}

// printFacts prints the facts as a table, one on a line.
func printFacts(std stdio, catalog *preset.Catalog, p preset.Preset) error {
	facts, err := catalog.Facts(p)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s, %s\n\n", p.Name, cmp.Or(prefixed("from ", catalog.From(p.Name)), "built in"))
	t := tabwriter.NewWriter(std.out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "FACT\tVALUE\tSOURCE")
	for _, f := range facts {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Field, cmp.Or(f.Value, "(set)"), f.Source)
	}
	return t.Flush()
}

// prefixed puts a prefix before a text, if there is one.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + strings.TrimSuffix(text, "/")
}

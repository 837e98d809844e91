package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

func newValidate(std stdio) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "validate PATH...",
		Short: "Check Workspace files, offline",
		Long: `Check the Workspace files in each PATH (a file or a folder) by KAITO's rules of admission and by what can be sized, without
a cluster and without Azure. Every problem is said with path:line:column, the field, and what to do about it.

The exit code is 1 when there is an error; warnings do not count.`,
		Example: `  syncer validate example-repo
  syncer validate workspaces/phi-4.yaml --format json
  syncer validate . --format github      # annotations in a GitHub workflow`,
		Args: cobra.MinimumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVar(&format, "format", "text", "text, json, github or azure")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		print, ok := problemFormats[format]
		if !ok {
			return fmt.Errorf("--format %q is not one of text, json, github, azure", format)
		}
		c, _, err := cfg.offline(paths)
		if err != nil {
			return err
		}
		inputs, err := readPaths(paths, c)
		if err != nil {
			return err
		}
		count := 0
		var problems []workspace.Problem
		for _, in := range inputs {
			desired, err := plan.Desire(cmd.Context(), in.Set, in.Catalog, in.Renderer, policyOf(c), plan.Observed{})
			if err != nil {
				return err
			}
			problems = append(problems, desired.Problems...)
			count += len(in.Set.Workspaces)
		}
		if err := print(std.out, problems); err != nil {
			return err
		}
		errors := 0
		for _, p := range problems {
			if p.Severity == workspace.Error {
				errors++
			}
		}
		if errors > 0 {
			return no("%s in %s", plural(errors, "error"), plural(count, "Workspace"))
		}
		if format == "text" {
			fmt.Fprintf(std.err, "%s valid\n", plural(count, "Workspace"))
		}
		return nil
	}
	return cmd
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// problemFormats are the ways to print Problems.
var problemFormats = map[string]func(io.Writer, []workspace.Problem) error{
	"text": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintln(w, p)
		}
		return nil
	},
	"json": func(w io.Writer, problems []workspace.Problem) error {
		if problems == nil {
			problems = []workspace.Problem{}
		}
		return printJSON(w, map[string]any{"problems": problems})
	},
	"github": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", p.Severity, property(p.Path), p.Line, p.Column, property(p.Field), command(textOf(p)))
		}
		return nil
	},
	"azure": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintf(w, "##vso[task.logissue type=%s;sourcepath=%s;linenumber=%d;columnnumber=%d]%s\n", p.Severity, azure(p.Path), p.Line, p.Column, azure(textOf(p)))
		}
		return nil
	},
}

func textOf(p workspace.Problem) string {
	text := p.Message
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// The escapes of workflow commands: what is printed comes from files that anybody may have written, and must not become a
// command.
var (
	commandEscape  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	azureEscape    = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
)

func command(s string) string  { return commandEscape.Replace(s) }
func property(s string) string { return propertyEscape.Replace(s) }
func azure(s string) string    { return azureEscape.Replace(s) }

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

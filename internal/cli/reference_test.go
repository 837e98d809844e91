// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"syncer.dev/syncer/internal/golden"
)

// TestReference compares docs/cli.md with the commands.
func TestReference(t *testing.T) {
	root := newRoot(Stdio{Env: os.LookupEnv})
	var list, all strings.Builder
	for _, g := range append(root.Groups(), &cobra.Group{Title: "Other commands:"}) {
		fmt.Fprintf(&list, "| %s | |\n", strings.TrimSuffix(g.Title, ":"))
		for _, cmd := range root.Commands() {
			if cmd.GroupID != g.ID || cmd.IsAdditionalHelpTopicCommand() {
				continue
			}
			for _, c := range append([]*cobra.Command{cmd}, cmd.Commands()...) {
				if c.Parent() == cmd && cmd.Name() == "completion" {
					continue // one for each shell, all alike
				}
				name := c.CommandPath()
				fmt.Fprintf(&list, "| [`%s`](#%s) | %s |\n", name, strings.ReplaceAll(name, " ", "-"), tableText(c.Short))
				all.WriteString(describe(c))
			}
		}
	}
	golden.Section(t, "../../docs/cli.md", "list", "| command | does |\n|---|---|\n"+list.String())
	golden.Section(t, "../../docs/cli.md", "commands", "\n"+all.String())
}

// describe returns the section of a command.
func describe(cmd *cobra.Command) string {
	var b strings.Builder
	cmd.InitDefaultHelpFlag()
	fmt.Fprintf(&b, "## %s\n\n", cmd.CommandPath())
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(&b, "%s\n", prose(text))
	if cmd.Runnable() {
		fmt.Fprintf(&b, "\n```text\n%s\n```\n", cmd.UseLine())
	}
	if cmd.Annotations[configured] != "" {
		b.WriteString("\nIt reads the [configuration](configuration.md).\n")
	}
	var flags strings.Builder
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			name += " " + value
		}
		initial := f.DefValue
		if initial == "false" || initial == "[]" || initial == "0" || initial == "0s" {
			initial = ""
		}
		if initial != "" {
			initial = "`" + initial + "`"
		}
		fmt.Fprintf(&flags, "| %s | %s | %s |\n", name, initial, tableText(usage))
	})
	if flags.Len() > 0 {
		fmt.Fprintf(&b, "\n| flag | default | meaning |\n|---|---|---|\n%s", flags.String())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\n```sh\n%s\n```\n", regexp.MustCompile(`(?m)^  `).ReplaceAllString(cmd.Example, ""))
	}
	b.WriteString("\n")
	return b.String()
}

// prose makes Markdown of the help of a command: its paragraphs stay, and what is indented is a block of code.
func prose(text string) string {
	var out []string
	for _, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(part, "  ") || strings.Contains(part, "\n  ") {
			out = append(out, "```text\n"+part+"\n```")
			continue
		}
		out = append(out, strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`).Replace(part))
	}
	return strings.Join(out, "\n\n")
}

// tableText makes text a cell of a table.
func tableText(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`).Replace(text)
}

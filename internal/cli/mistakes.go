// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"syncer.dev/syncer/internal/cli/mistake"
)

// unknownCommand answers a word that is no command.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	return &mistake.UnknownCommandError{Command: args[0], Near: root.SuggestionsFor(args[0])}
}

// flagError says what is wrong with a flag of a command.
func flagError(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return unknownCommand(cmd, words) // such as "syncer apply -f"
	}
	types := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { types[f.Name] = f.Value.Type() })
	return mistake.InFlag(cmd.CommandPath(), types, err)
}

// sayUse makes each command below cmd say its use where arguments are missing or too many.
func sayUse(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		sayUse(c)
		check := c.Args
		if check == nil {
			continue
		}
		c.Args = func(c *cobra.Command, args []string) error {
			if check(c, args) == nil {
				return nil
			}
			words := c.CommandPath()
			if _, names, ok := strings.Cut(c.Use, " "); ok {
				words += " " + names
			}
			return &mistake.ArgumentsError{Command: c.CommandPath(), Use: words, Given: len(args)}
		}
	}
}

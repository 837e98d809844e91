// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// What a shell proposes when a user presses the tab key: names of presets, sizes and Workspaces, and the values of
// flags that have few. A source of names that fails proposes nothing.

// proposals returns the words that a shell proposes.
type proposals func(ctx context.Context) []string

// completes lets a flag propose words.
func completes(cmd *cobra.Command, flag string, w proposals) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(
		cmd *cobra.Command, _ []string, _ string,
	) ([]cobra.Completion, cobra.ShellCompDirective) {
		return w(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag, or it has words already
	}
}

// completesArgument lets the first argument propose words.
func completesArgument(cmd *cobra.Command, w proposals) {
	cmd.ValidArgsFunction = func(
		cmd *cobra.Command, args []string, _ string,
	) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return w(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	}
}

// fixed always proposes the same words.
func fixed(all ...string) proposals { return func(context.Context) []string { return all } }

// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
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

// presetNames proposes the models of the catalogue, those of the working folder included.
func presetNames(std Stdio) proposals {
	return func(context.Context) []string {
		models, _, err := catalog.Of(std.Env, "")
		if err != nil {
			return nil
		}
		var out []string
		for _, p := range models.All() {
			out = append(out, p.Name)
		}
		return out
	}
}

// sizeNames proposes the sizes that presets can use.
func sizeNames(context.Context) []string {
	var out []string
	for s := range capacity.SKUs() {
		if s.Unusable() == "" {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// completionTimeout bounds how long the tab key waits for the status branch.
const completionTimeout = 2 * time.Second

// workspaceNames proposes the Workspaces that the status branch records. It reads a clone as it is, without a fetch.
func workspaceNames(s *settings.Settings) proposals {
	return func(ctx context.Context) []string {
		ctx, cancel := context.WithTimeout(ctx, completionTimeout)
		defer cancel()
		c, err := s.Load()
		if err != nil {
			return nil
		}
		r, err := statusbranch.Open(ctx, c, statusbranch.AsFetched)
		if err != nil {
			return nil
		}
		reports, err := recorded.Reports(ctx, r, "", time.Now())
		if err != nil {
			return nil
		}
		var out []string
		for _, report := range reports {
			out = append(out, report.Name)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
}

// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/explaining"
)

// explainOptions are the options of "explain".
type explainOptions struct {
	Stdio
	reasons []string // none lists all
	output  string
}

func newExplain(std Stdio) *cobra.Command {
	o := explainOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "explain [REASON...]",
		Short: "Say what a reason means, with its cause, its cure and an example",
		Long: `Print the page of each REASON: what it means, what causes it, what to do about it, and an example. A reason is
the word in CamelCase that each problem and each condition has, such as UnknownField or QuotaExceeded. Without REASON,
list all of them.`,
		Example:           "  syncer explain QuotaExceeded\n  syncer explain",
		ValidArgsFunction: completeReason,
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, json or yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.reasons = args
		return o.run(cmd.Context())
	}
	return cmd
}

// completeReason completes a REASON.
func completeReason(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return explaining.Words(), cobra.ShellCompDirectiveNoFileComp
}

// run prints the pages, or the list.
func (o explainOptions) run(context.Context) error {
	if err := oneOf("-o", o.output, "text", "json", "yaml"); err != nil {
		return err
	}
	return explaining.Print(o.Out, o.reasons, o.output)
}

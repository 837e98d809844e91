// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/pricelist"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/settings"
)

// pricesOptions are the options of "prices".
type pricesOptions struct {
	Stdio
	settings settings.Settings

	size   string // one size; empty for all
	output string
	all    bool
}

func newPrices(std Stdio) *cobra.Command {
	o := pricesOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "prices [SIZE]",
		Short: "Show the prices of GPU sizes, offline",
		Long: `Show the hourly prices of Azure's GPU sizes in the region of the configuration, cheapest first. The prices
come from the file of capacity.prices, or else from the list in the binary.`,
		Example: `  syncer prices
  syncer prices Standard_NC24ads_A100_v4
  syncer prices --all -o json`,
		Args: cobra.MaximumNArgs(1),
	}
	configFlags(cmd, std, &o.settings)
	completesArgument(cmd, propose.Sizes)
	cmd.Flags().BoolVar(&o.all, "all", false, "also sizes that no preset can use")
	outputFlag(cmd, &o.output, "table")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.size = args[0]
		}
		return o.run(cmd.Context())
	}
	cmd.AddCommand(newPricesRefresh(std))
	return cmd
}

func (o pricesOptions) run(context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	offline, err := o.settings.Offline(nil)
	if err != nil {
		return err
	}
	prices, err := pricelist.Select(offline.Config, o.size, o.all)
	if err != nil {
		return err
	}
	var names []string
	for _, i := range prices.Items {
		names = append(names, i.InstanceType)
	}
	return answer.PrintAs(o.Out, o.output, prices, names, func() error { return prices.Print(o.Out) })
}

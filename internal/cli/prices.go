// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/source"
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
	given := configFlags(cmd, std)
	cmd.Flags().BoolVar(&o.all, "all", false, "also sizes that no preset can use")
	cmd.Flags().StringVarP(&o.output, "output", "o", "table", "table or json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.settings = given()
		if len(args) == 1 {
			o.size = args[0]
		}
		return o.run(cmd.Context())
	}
	cmd.AddCommand(newPricesRefresh(std))
	return cmd
}

// meant asks whether a known name was meant.
func meant(near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

func (o pricesOptions) run(context.Context) error {
	if err := oneOf("-o", o.output, "table", "json"); err != nil {
		return err
	}
	offline, err := o.settings.Offline(nil)
	if err != nil {
		return err
	}
	list, err := source.ReadPrices(offline.Config.Capacity.Prices)
	if err != nil {
		return err
	}
	region := offline.Config.Capacity.AKS.Location
	skus, all := slices.Collect(capacity.SKUs()), o.all
	if o.size != "" {
		s, ok := capacity.LookupSKU(o.size)
		if !ok {
			return answer.No("size %q is not known%s", o.size, meant(capacity.NearSKU(o.size)))
		}
		skus, all = []capacity.SKU{s}, true
	} else if !list.Knows(region) {
		more := meant(list.Near(region))
		if more == "" {
			more = "; it has: " + strings.Join(list.Regions(), ", ")
		}
		return answer.No("the price list has no region %q%s", region, more)
	}
	prices := answer.PricesOf(skus, list, region, all)
	if o.output == "table" {
		return prices.Print(o.Out)
	}
	return answer.PrintJSON(o.Out, prices)
}

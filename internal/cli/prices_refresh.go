// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/lookup"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/pricelist"
)

// pricesURL is the variable with the address of a mirror of Azure's price list.
const pricesURL = "SYNCER_PRICES_URL"

// pricesRefreshOptions are the options of "prices refresh".
type pricesRefreshOptions struct {
	Stdio

	file, address string
	regions       []string
}

func newPricesRefresh(std Stdio) *cobra.Command {
	o := pricesRefreshOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Fetch today's prices from Azure's public price list into a file",
		Long: `Fetch today's prices, on demand and spot, from Azure's public retail price list into a file for
capacity.prices. Azure asks for no credentials. After an error the file is unchanged.`,
		Example: `  syncer prices refresh -o prices.json
  syncer prices refresh -o prices.json --regions westeurope,swedencentral`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "file to write")
	cmd.Flags().StringSliceVar(&o.regions, "regions", nil, "regions to read (default all that have GPUs)")
	cmd.Flags().StringVar(&o.address, "url", "", "price list; also "+pricesURL+" (default "+lookup.DefaultPricesURL+")")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

func (o pricesRefreshOptions) run(ctx context.Context) error {
	if o.file == "" {
		return errors.New("give the file to write with -o")
	}
	address, regions := o.address, o.regions
	if v, ok := o.Env(pricesURL); ok && address == "" {
		address = v
	}
	list, err := pricelist.Refresh(ctx, o.file, address, regions, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Err, "%s of %s in %s\n",
		answer.Plural(pricelist.Count(list), "price"), list.Date(), answer.Plural(len(list.Regions()), "region"))
	return nil
}

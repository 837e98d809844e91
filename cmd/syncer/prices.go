package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/retail"
)

// unknownPrices is a list without a price.
var unknownPrices = capacity.NewPrices("", "", nil, nil)

// readPrices reads the list that the configuration names; the embedded one when it names none.
func readPrices(file string) (capacity.Prices, error) {
	if file == "" {
		return capacity.Prices{}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return unknownPrices, fmt.Errorf("capacity.prices: %w", err)
	}
	p, err := capacity.ParsePrices(data)
	if err != nil {
		return unknownPrices, fmt.Errorf("capacity.prices: %s: %w", file, err)
	}
	return p, nil
}

// pricesOr is readPrices for configurations whose list was read when they were loaded. Should it be gone meanwhile, prices are not
// known: those of another day would not be what the configuration says.
func pricesOr(otherwise capacity.Prices, file string) capacity.Prices {
	p, err := readPrices(file)
	if err != nil {
		return otherwise
	}
	return p
}

// priceItem is one line of "prices -o json".
type priceItem struct {
	InstanceType string   `json:"instanceType"`
	GPUs         int      `json:"gpus"`
	GPU          string   `json:"gpu"`
	GPUMemoryGiB int      `json:"gpuMemoryGiB"`
	OnDemand     *float64 `json:"onDemand"` // US dollars per hour; null when unknown
	Spot         *float64 `json:"spot"`
	Unusable     string   `json:"unusable,omitempty"`
	Unverified   string   `json:"unverified,omitempty"`
	Successor    string   `json:"successor,omitempty"`
}

func newPrices(std stdio) *cobra.Command {
	var output string
	var all bool
	cmd := &cobra.Command{
		Use:   "prices [SIZE]",
		Short: "Show what GPU sizes cost, offline",
		Long: `Show what Azure's GPU sizes cost an hour in the region of the configuration, cheapest first. Prices are from the list that
capacity.prices names, or else from the one in the binary.`,
		Example: `  syncer prices
  syncer prices Standard_NC24ads_A100_v4 --capacity-aks-location westeurope
  syncer prices --all -o json`,
		Args: cobra.MaximumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().BoolVar(&all, "all", false, "also sizes on which no preset can run")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if output != "table" && output != "json" {
			return fmt.Errorf("-o %q is not one of table, json", output)
		}
		offline, err := cfg.offline(nil)
		if err != nil {
			return err
		}
		c := offline.config
		list, err := readPrices(c.Capacity.Prices)
		if err != nil {
			return err
		}
		region := c.Capacity.AKS.Location
		skus := capacity.SKUs()
		if len(args) == 1 {
			s, ok := capacity.LookupSKU(args[0])
			if !ok {
				return no("size %q is not known", args[0])
			}
			skus, all = []capacity.SKU{s}, true
		} else if !list.Knows(region) {
			return no("no price is known for the region %q; known are: %s", region, strings.Join(list.Regions(), ", "))
		}
		items := priceItems(skus, list, region, all)
		if output == "json" {
			return printJSON(std.out, map[string]any{
				"apiVersion": apiVersion, "kind": "PriceList", "region": region, "date": list.Date(), "source": list.Source(), "currency": "USD", "items": items,
			})
		}
		return printPrices(std.out, items, list, region)
	}
	cmd.AddCommand(newPricesRefresh(std))
	return cmd
}

// priceItems lists sizes, the cheapest first. Without all, those on which nothing runs, or which Azure does not offer, are left out.
func priceItems(skus []capacity.SKU, list capacity.Prices, region string, all bool) []priceItem {
	items := []priceItem{}
	for _, s := range skus {
		item := priceItem{
			InstanceType: s.Name, GPUs: s.GPUs, GPU: s.GPUModel, GPUMemoryGiB: s.GPUMemoryGiB, Unusable: s.Unusable(), Unverified: s.Unverified, Successor: s.Successor,
			OnDemand: money(list.Price(region, s.Name, false)), Spot: money(list.Price(region, s.Name, true)),
		}
		if all || item.Unusable == "" && item.OnDemand != nil {
			items = append(items, item)
		}
	}
	slices.SortStableFunc(items, func(a, b priceItem) int {
		switch {
		case a.OnDemand == nil || b.OnDemand == nil:
			return boolOrder(a.OnDemand == nil, b.OnDemand == nil)
		case *a.OnDemand < *b.OnDemand:
			return -1
		case *a.OnDemand > *b.OnDemand:
			return 1
		}
		return strings.Compare(a.InstanceType, b.InstanceType)
	})
	return items
}

// boolOrder puts false before true.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func printPrices(w io.Writer, items []priceItem, list capacity.Prices, region string) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "INSTANCE\tGPUS\tUSD/H\tSPOT\tREMARK\t")
	for _, i := range items {
		remark := i.Unusable
		switch {
		case i.Successor != "":
			remark += "; closest: " + i.Successor
		case remark == "":
			remark = i.Unverified
		}
		fmt.Fprintf(t, "%s\t%d x %s %d GB\t%s\t%s\t%s\t\n", i.InstanceType, i.GPUs, strings.TrimPrefix(i.GPU, "NVIDIA "), i.GPUMemoryGiB, price(i.OnDemand), price(i.Spot), remark)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nPrices in %s of %s.\n", region, list.Date())
	return err
}

// pricesURL is the variable that names another server than Azure's, for tests and mirrors.
const pricesURL = "SYNCER_PRICES_URL"

func newPricesRefresh(std stdio) *cobra.Command {
	var file, address string
	var regions []string
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Fetch today's prices from Azure's public price list into a file",
		Long: `Fetch today's prices, on demand and spot, from Azure's public retail price list into a file for capacity.prices. No credentials
are needed. Existing prices stay in place when anything goes wrong.`,
		Example: `  syncer prices refresh -o prices.json
  syncer prices refresh -o prices.json --regions westeurope,swedencentral`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write")
	cmd.Flags().StringSliceVar(&regions, "regions", nil, "regions to read (default all that have GPUs)")
	cmd.Flags().StringVar(&address, "url", "", "price list; also "+pricesURL+" (default "+retail.DefaultURL+")")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if file == "" {
			return errors.New("give the file to write with -o")
		}
		if v, ok := std.env(pricesURL); ok && address == "" {
			address = v
		}
		if len(regions) == 0 {
			regions = capacity.Prices{}.Regions()
		}
		client := retail.Client{URL: address, UserAgent: "syncer/" + buildVersion()}
		list, err := client.Prices(cmd.Context(), regions, time.Now().UTC().Format(time.DateOnly))
		if err != nil {
			return fmt.Errorf("fetch prices: %w", err)
		}
		count := 0
		for _, r := range list.Regions() {
			count += len(list.Sizes(r))
		}
		if count == 0 {
			return errors.New("fetch prices: the list holds no size of the N series")
		}
		if err := replaceFile(file, list.Encode()); err != nil {
			return fmt.Errorf("write prices: %w", err)
		}
		fmt.Fprintf(std.err, "%s of %s in %s\n", plural(count, "price"), list.Date(), plural(len(list.Regions()), "region"))
		return nil
	}
	return cmd
}

// replaceFile writes a file so that whoever reads it sees all of the old or all of the new.
func replaceFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".prices-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // it is gone when all went well
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Chmod(0o644)
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// PriceList is the answer of "prices -o json".
type PriceList struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Region     string      `json:"region"`
	Date       string      `json:"date"`
	Source     string      `json:"source"`
	Currency   string      `json:"currency"`
	Items      []PriceItem `json:"items"`
}

// PriceItem is one line of "prices -o json".
type PriceItem struct {
	InstanceType string   `json:"instanceType"`
	GPUs         int      `json:"gpus"`
	GPU          string   `json:"gpu"`
	GPUMemoryGiB int      `json:"gpuMemoryGiB"`
	OnDemand     *float64 `json:"onDemand"` // US dollars per hour; null when unknown
	Spot         *float64 `json:"spot"`
	Monthly      *float64 `json:"onDemandMonthly"` // of capacity.HoursPerMonth
	SpotMonthly  *float64 `json:"spotMonthly"`
	Unusable     string   `json:"unusable,omitempty"`
	Unverified   string   `json:"unverified,omitempty"`
	Successor    string   `json:"successor,omitempty"`
}

// PricesOf returns the prices of sizes in a region, the cheapest first. Without all it leaves out sizes on which no
// preset runs, and sizes that Azure does not offer.
func PricesOf(skus []capacity.SKU, list capacity.Prices, region string, all bool) PriceList {
	return PriceList{
		APIVersion: APIVersion,
		Kind:       "PriceList",
		Region:     region,
		Date:       list.Date(),
		Source:     list.Source(),
		Currency:   "USD",
		Items:      priceItems(skus, list, region, all),
	}
}

func priceItems(skus []capacity.SKU, list capacity.Prices, region string, all bool) []PriceItem {
	items := []PriceItem{}
	for _, s := range skus {
		item := PriceItem{
			InstanceType: s.Name,
			GPUs:         s.GPUs,
			GPU:          s.GPUModel,
			GPUMemoryGiB: s.GPUMemoryGiB,
			OnDemand:     money(list.Price(region, s.Name, capacity.OnDemand)),
			Spot:         money(list.Price(region, s.Name, capacity.Spot)),
			Monthly:      money(list.Price(region, s.Name, capacity.OnDemand).Monthly()),
			SpotMonthly:  money(list.Price(region, s.Name, capacity.Spot).Monthly()),
			Unusable:     s.Unusable(),
			Unverified:   s.Unverified,
			Successor:    s.Successor,
		}
		if all || item.Unusable == "" && item.OnDemand != nil {
			items = append(items, item)
		}
	}
	slices.SortStableFunc(items, func(a, b PriceItem) int {
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

// Print prints the prices as a table.
func (l PriceList) Print(w io.Writer) error {
	t := newTable(w, 3, 0)
	fmt.Fprintln(t, "INSTANCE\tGPUS\tUSD/H\tUSD/MONTH\tSPOT/H\tSPOT/MONTH\tREMARK")
	for _, i := range l.Items {
		remark := i.Unusable
		switch {
		case i.Successor != "":
			remark += "; closest: " + i.Successor
		case remark == "":
			remark = i.Unverified
		}
		fmt.Fprintf(
			t,
			"%s\t%d x %s %d GB\t%s\t%s\t%s\t%s\t%s\n",
			i.InstanceType,
			i.GPUs,
			strings.TrimPrefix(i.GPU, "NVIDIA "),
			i.GPUMemoryGiB,
			price(i.OnDemand),
			month(i.OnDemand),
			price(i.Spot),
			month(i.Spot),
			remark,
		)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nPrices in %s of %s.\n", diag.EscapeText(l.Region), diag.EscapeText(l.Date))
	return err
}

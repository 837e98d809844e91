// SPDX-License-Identifier: Apache-2.0

package pricelist

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// Select returns the prices of one size, or without one of those that a preset can use, or of all, in the region of a
// configuration. An unknown size or region is an answer.NoError.
func Select(c config.Config, size string, all bool) (answer.PriceList, error) {
	list, err := source.ReadPrices(c.Capacity.Prices)
	if err != nil {
		return answer.PriceList{}, err
	}
	region := c.Capacity.AKS.Location
	skus := slices.Collect(capacity.SKUs())
	if size != "" {
		s, ok := capacity.LookupSKU(size)
		if !ok {
			return answer.PriceList{}, answer.No("size %q is not known%s", size, meant(capacity.NearSKU(size)))
		}
		skus, all = []capacity.SKU{s}, true
	} else if !list.Knows(region) {
		more := meant(list.Near(region))
		if more == "" {
			more = "; it has: " + strings.Join(list.Regions(), ", ")
		}
		return answer.PriceList{}, answer.No("the price list has no region %q%s", region, more)
	}
	return answer.PricesOf(skus, list, region, all), nil
}

// meant asks whether a known name was meant.
func meant(near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

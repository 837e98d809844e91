package capacity

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// PriceListDate is the day of the embedded list of on-demand prices.
const PriceListDate = "2026-06-18"

// prices.json maps region to size to US dollars per hour, from Azure's public retail price list.
//
//go:embed prices.json
var pricesJSON []byte

var prices = sync.OnceValue(func() map[string]map[string]float64 {
	var m map[string]map[string]float64
	if err := json.Unmarshal(pricesJSON, &m); err != nil {
		return nil // a broken list is no list: every price is unknown; a test reads it
	}
	return m
})

// Price returns the on-demand price of one node of the size in the region. There is no list of spot prices, so that those are
// unknown.
func Price(region, size string, spot bool) Cost {
	usd, ok := prices()[strings.ToLower(region)][size]
	return Cost{USD: usd, Known: ok && !spot}
}

// listPrice is the on-demand price, which ranks sizes for spot as well.
func listPrice(region, size string) Cost { return Price(region, size, false) }

// KnownRegion reports whether there are prices for the region.
func KnownRegion(region string) bool { return prices()[strings.ToLower(region)] != nil }

// Add returns the sum. It is unknown when either is.
func (c Cost) Add(o Cost) Cost { return Cost{USD: c.USD + o.USD, Known: c.Known && o.Known} }

// Times returns the cost of n.
func (c Cost) Times(n int) Cost { return Cost{USD: c.USD * float64(n), Known: c.Known || n == 0} }

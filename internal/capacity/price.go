// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Prices is an immutable price list. The zero value is the list embedded in the binary.
type Prices struct{ list *priceList }

// priceList is the format of the file: US dollars per hour by region and size.
type priceList struct {
	Date     string                        `json:"date"`   // day on which the prices were read, "2026-06-18"
	Source   string                        `json:"source"` // of the prices, for readers
	Currency string                        `json:"currency"`
	OnDemand map[string]map[string]float64 `json:"onDemand"`
	Spot     map[string]map[string]float64 `json:"spot,omitempty"`
}

// prices.json is Azure's public retail price list for sizes of the N series, on demand, as Karpenter's Azure provider
// generated it on the date in it. It holds no spot prices.
//
//go:embed prices.json
var pricesJSON []byte

// embedded parses the embedded list once. If it is broken, every price is unknown; a test parses it.
var embedded = sync.OnceValue(func() *priceList {
	p, err := ParsePrices(pricesJSON)
	if err != nil {
		return &priceList{}
	}
	return p.list
})

// NewPrices returns a list of prices in US dollars per hour, by region and size, read from a source on a date
// ("2026-06-18"). It lowers the case of regions and replaces the names of sizes by those of the catalogue.
func NewPrices(date, source string, onDemand, spot map[string]map[string]float64) Prices {
	ours := func(table map[string]map[string]float64) map[string]map[string]float64 {
		out := make(map[string]map[string]float64, len(table))
		for region, sizes := range table {
			out[strings.ToLower(region)] = underOurNames(sizes)
		}
		return out
	}
	l := &priceList{Date: date, Source: source, Currency: "USD", OnDemand: ours(onDemand), Spot: ours(spot)}
	return Prices{l}
}

// underOurNames replaces the names of sizes by those of the catalogue. A price under the exact name wins over one under
// another spelling.
func underOurNames(sizes map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(sizes))
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		s, known := LookupSKU(name)
		if !known {
			out[strings.TrimSpace(name)] = sizes[name]
			continue
		}
		if _, exact := sizes[s.Name]; exact {
			out[s.Name] = sizes[s.Name]
		} else {
			out[s.Name] = sizes[name]
		}
	}
	return out
}

// ParsePrices parses a list in the format of Encode. It refuses other currencies than USD and prices that are not
// positive.
func ParsePrices(data []byte) (Prices, error) {
	var l priceList
	if err := json.Unmarshal(data, &l); err != nil {
		return Prices{}, fmt.Errorf("read prices: %w", err)
	}
	switch {
	case l.Currency != "USD":
		return Prices{}, fmt.Errorf("read prices: the currency is %q, not USD", l.Currency)
	case len(l.OnDemand) == 0:
		return Prices{}, errors.New("read prices: there is no region under onDemand")
	}
	for _, table := range []map[string]map[string]float64{l.OnDemand, l.Spot} {
		for region, sizes := range table {
			for size, usd := range sizes {
				if !(usd > 0 && usd < 1e6) {
					return Prices{}, fmt.Errorf("read prices: %v for %s in %s", usd, size, region)
				}
			}
		}
	}
	return NewPrices(l.Date, l.Source, l.OnDemand, l.Spot), nil
}

// Encode returns the list as JSON with one sorted line for each region, so that changes of it are easy to review.
func (p Prices) Encode() []byte {
	l := p.get()
	var b strings.Builder
	text := func(v any) string { data, _ := json.Marshal(v); return string(data) } // of strings and numbers: cannot fail
	fmt.Fprintf(&b, "{\n\"date\": %s,\n\"source\": %s,\n\"currency\": \"USD\"", text(l.Date), text(l.Source))
	for _, t := range []struct {
		key   string
		table map[string]map[string]float64
	}{{"onDemand", l.OnDemand}, {"spot", l.Spot}} {
		if len(t.table) == 0 {
			continue
		}
		fmt.Fprintf(&b, ",\n%s: {\n", text(t.key))
		for i, region := range slices.Sorted(maps.Keys(t.table)) {
			if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, "%s: %s", text(region), text(t.table[region])) // maps are written in the order of their keys
		}
		b.WriteString("\n}")
	}
	b.WriteString("\n}\n")
	return []byte(b.String())
}

func (p Prices) get() *priceList {
	if p.list == nil {
		return embedded()
	}
	return p.list
}

// Date returns the date of the list, "2026-06-18".
func (p Prices) Date() string { return p.get().Date }

// Source returns the origin of the list, such as a URL.
func (p Prices) Source() string { return p.get().Source }

// Regions returns the regions of the list, in order.
func (p Prices) Regions() []string { return slices.Sorted(maps.Keys(p.get().OnDemand)) }

// Knows reports whether the list has prices for the region.
func (p Prices) Knows(region string) bool { return len(p.get().OnDemand[strings.ToLower(region)]) > 0 }

// Sizes returns the sizes that have a price in the region, in order.
func (p Prices) Sizes(region string) []string {
	return slices.Sorted(maps.Keys(p.get().OnDemand[strings.ToLower(region)]))
}

// Price returns the hourly price of one node of the size in the region. A spot price that the list lacks is unknown;
// the on-demand price does not replace it.
func (p Prices) Price(region, size string, priority Priority) Cost {
	table := p.get().OnDemand
	if priority == Spot {
		table = p.get().Spot
	}
	usd, ok := table[strings.ToLower(region)][size]
	return Cost{USD: usd, Known: ok}
}

// AtMost returns an upper bound of the hourly price of a node, for limits. A spot node without a price counts at the
// on-demand price, which spot never exceeds.
func (p Prices) AtMost(region, size string, priority Priority) Cost {
	c := p.Price(region, size, priority)
	if !c.Known && priority == Spot {
		return p.Price(region, size, OnDemand)
	}
	return c
}

// Price returns the hourly price of one node from the embedded list.
func Price(region, size string, priority Priority) Cost {
	return Prices{}.Price(region, size, priority)
}

// Add returns the sum of two costs. It is unknown if either is.
func (c Cost) Add(o Cost) Cost { return Cost{USD: c.USD + o.USD, Known: c.Known && o.Known} }

// Minus returns the difference, which may be negative. One unknown cost makes it unknown.
func (c Cost) Minus(o Cost) Cost { return Cost{USD: c.USD - o.USD, Known: c.Known && o.Known} }

// Times returns n times the cost. Zero times an unknown cost is a known zero.
func (c Cost) Times(n int) Cost { return Cost{USD: c.USD * float64(n), Known: c.Known || n == 0} }

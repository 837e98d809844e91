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

// Prices is a list of prices. The zero value is the list that is embedded in the binary. A list does not change once it is made.
type Prices struct{ list *priceList }

// priceList is a list as it is in a file: US dollars per hour by region and size.
type priceList struct {
	Date     string                        `json:"date"`   // day on which the prices were read, "2026-06-18"
	Source   string                        `json:"source"` // where from, for people
	Currency string                        `json:"currency"`
	OnDemand map[string]map[string]float64 `json:"onDemand"`
	Spot     map[string]map[string]float64 `json:"spot,omitempty"`
}

// prices.json is Azure's public retail price list for sizes of the N series, on demand, as Karpenter's Azure provider generated it
// on the date in it. It holds no spot prices.
//
//go:embed prices.json
var pricesJSON []byte

// embedded reads the embedded list once. A broken one is no list: every price is unknown; a test reads it.
var embedded = sync.OnceValue(func() *priceList {
	p, err := ParsePrices(pricesJSON)
	if err != nil {
		return &priceList{}
	}
	return p.list
})

// NewPrices makes a list of what was read on a day from a source.
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

// underOurNames puts sizes under the names that the catalogue has for them. A price under the very name goes before one under
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

// ParsePrices reads a list as Encode writes it.
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

// Encode writes the list so that ParsePrices can read it, and people its differences: one line for each region, in order.
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

// Date is the day of the list.
func (p Prices) Date() string { return p.get().Date }

// Source says where the list is from.
func (p Prices) Source() string { return p.get().Source }

// Regions returns the regions of the list, in order.
func (p Prices) Regions() []string { return slices.Sorted(maps.Keys(p.get().OnDemand)) }

// Knows reports whether there are prices for the region.
func (p Prices) Knows(region string) bool { return len(p.get().OnDemand[strings.ToLower(region)]) > 0 }

// Sizes returns the sizes that have a price in the region, in order.
func (p Prices) Sizes(region string) []string {
	return slices.Sorted(maps.Keys(p.get().OnDemand[strings.ToLower(region)]))
}

// Price returns the price of one node of the size in the region. A spot price that the list does not hold is unknown, never the one
// on demand.
func (p Prices) Price(region, size string, spot bool) Cost {
	table := p.get().OnDemand
	if spot {
		table = p.get().Spot
	}
	usd, ok := table[strings.ToLower(region)][size]
	return Cost{USD: usd, Known: ok}
}

// Price returns the price of one node in the embedded list.
func Price(region, size string, spot bool) Cost { return Prices{}.Price(region, size, spot) }

// price is what the Workspace would pay for a node.
func (r *Request) price(size string) Cost { return r.Prices.Price(r.Region, size, r.Spot) }

// listPrice is the on-demand price, which ranks sizes for spot as well.
func (r *Request) listPrice(size string) Cost { return r.Prices.Price(r.Region, size, false) }

// Add returns the sum. It is unknown when either is.
func (c Cost) Add(o Cost) Cost { return Cost{USD: c.USD + o.USD, Known: c.Known && o.Known} }

// Times returns the cost of n.
func (c Cost) Times(n int) Cost { return Cost{USD: c.USD * float64(n), Known: c.Known || n == 0} }

// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
)

// FuzzPrices: a price list, which a repository may bring along, is refused, or all its prices are positive and finite,
// and it is the same after it was written and read again.
func FuzzPrices(f *testing.F) {
	f.Add([]byte(`{"date": "2026-06-18", "source": "x", "currency": "USD", "onDemand": {"EastUS": ` +
		`{"Standard_NC24ads_A100_v4": 3.673}}}`))
	for _, price := range []string{"0", "-1", "1e6", "1e999", "1e-320", "null", `"1"`, "NaN"} {
		f.Add([]byte(`{"currency": "USD", "onDemand": {"a": {" x ": 1, "x": ` + price +
			`}}, "spot": {"a": {"x": ` + price + `}}}`))
	}
	f.Add([]byte(`{"currency": "USD", "onDemand": {"a": null, "A": {"": 1}, "\u0000": {"x\ny": 2}}}`))
	f.Add([]byte(`{"currency": "EUR"}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := capacity.ParsePrices(text)
		if err != nil {
			return
		}
		for _, region := range p.Regions() {
			for _, size := range p.Sizes(region) {
				for _, priority := range []capacity.Priority{capacity.OnDemand, capacity.Spot} {
					c := p.AtMost(region, size, priority)
					if c.Known && !(c.USD > 0 && c.USD < 1e6) || priority == capacity.OnDemand && !c.Known {
						t.Fatalf("%q: %s in %s costs %+v", text, size, region, c)
					}
				}
			}
		}
		again, err := capacity.ParsePrices(p.Encode())
		if err != nil {
			t.Fatalf("%q: written as %q: %v", text, p.Encode(), err)
		}
		if diff := cmp.Diff(string(p.Encode()), string(again.Encode())); diff != "" {
			t.Fatalf("%q: read again: %s", text, diff)
		}
	})
}

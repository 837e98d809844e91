// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"bytes"
	"strings"
	"testing"
)

func TestEmbeddedPrices(t *testing.T) {
	if c := Price("eastus", "Standard_NC24ads_A100_v4", OnDemand); c.String() != "3.67" {
		t.Errorf("price %s, want 3.67", c)
	}
	if c := Price("EastUS", "Standard_ND96asr_v4", OnDemand); c.String() != "27.20" {
		t.Errorf("price under the catalogue's name: %s, want 27.20", c)
	}
	if c := Price("westeurope", "Standard_NG32adms_V620_v1", OnDemand); c.String() != "4.29" {
		t.Errorf("price under another spelling: %s, want 4.29", c)
	}
	if c := Price("eastus", "Standard_NC24ads_A100_v4", Spot); c.Known {
		t.Error("a spot price is known")
	}
	if c := Price("nowhere", "Standard_NC24ads_A100_v4", OnDemand); c.Known || (Prices{}).Knows("nowhere") {
		t.Error("a price is known in a region that is none")
	}
	if (Prices{}).Date() != "2026-06-18" || (Prices{}).Source() == "" {
		t.Errorf("date %q, source %q", Prices{}.Date(), Prices{}.Source())
	}
}

func TestPricesAreWrittenAsTheyAreRead(t *testing.T) {
	list := NewPrices(
		"2026-11-01",
		"a test",
		map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 4, "Standard_ND96asr_A100_v4": 30}},
		map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 0.9}},
	)
	data := list.Encode()
	again, err := ParsePrices(data)
	if err != nil || !bytes.Equal(again.Encode(), data) || again.Date() != "2026-11-01" {
		t.Errorf("%v\n%s", err, data)
	}
	if c := again.Price("eastus", "Standard_ND96asr_v4", OnDemand); c.USD != 30 {
		t.Errorf("another spelling: %v", c)
	}
	if c := again.Price("eastus", "Standard_NC24ads_A100_v4", Spot); c.String() != "0.90" {
		t.Errorf("spot %v", c)
	}
	if c := again.Price("eastus", "Standard_ND96asr_v4", Spot); c.Known {
		t.Errorf("a spot price that the list lacks is known: %v", c)
	}
}

func TestBrokenPrices(t *testing.T) {
	for _, text := range []string{
		"",
		"{}",
		`{"currency":"EUR","onDemand":{"eastus":{"Standard_X":1}}}`,
		`{"currency":"USD","onDemand":{}}`,
		`{"currency":"USD","onDemand":{"eastus":{"Standard_X":-1}}}`,
		`{"currency":"USD","onDemand":{"eastus":{"Standard_X":0}}}`,
	} {
		if _, err := ParsePrices([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "read prices: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

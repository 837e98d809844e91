package capacity

import (
	"bytes"
	"strings"
	"testing"
)

func TestEmbeddedPrices(t *testing.T) {
	if c := Price("eastus", "Standard_NC24ads_A100_v4", false); c.String() != "3.67" {
		t.Errorf("price %s, want 3.67", c)
	}
	if c := Price("EastUS", "Standard_ND96asr_v4", false); c.String() != "27.20" {
		t.Errorf("price under the catalogue's name: %s, want 27.20", c)
	}
	if c := Price("westeurope", "Standard_NG32adms_V620_v1", false); c.String() != "4.29" {
		t.Errorf("price under another spelling: %s, want 4.29", c)
	}
	if c := Price("eastus", "Standard_NC24ads_A100_v4", true); c.Known {
		t.Error("a spot price is known")
	}
	if c := Price("nowhere", "Standard_NC24ads_A100_v4", false); c.Known || (Prices{}).Knows("nowhere") {
		t.Error("a price is known in a region that is none")
	}
	if (Prices{}).Date() != "2026-06-18" || (Prices{}).Source() == "" {
		t.Errorf("date %q, source %q", Prices{}.Date(), Prices{}.Source())
	}
}

func TestPricesAreWrittenAsTheyAreRead(t *testing.T) {
	list := NewPrices("2026-11-01", "a test", map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 4, "Standard_ND96asr_A100_v4": 30}},
		map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 0.9}})
	data := list.Encode()
	again, err := ParsePrices(data)
	if err != nil || !bytes.Equal(again.Encode(), data) || again.Date() != "2026-11-01" {
		t.Errorf("%v\n%s", err, data)
	}
	if c := again.Price("eastus", "Standard_ND96asr_v4", false); c.USD != 30 {
		t.Errorf("another spelling: %v", c)
	}
	if c := again.Price("eastus", "Standard_NC24ads_A100_v4", true); c.String() != "0.90" {
		t.Errorf("spot %v", c)
	}
	if c := again.Price("eastus", "Standard_ND96asr_v4", true); c.Known {
		t.Errorf("a spot price that nobody gave: %v", c)
	}
}

func TestBrokenPrices(t *testing.T) {
	for _, text := range []string{
		"", "{}", `{"currency":"EUR","onDemand":{"eastus":{"Standard_X":1}}}`, `{"currency":"USD","onDemand":{}}`,
		`{"currency":"USD","onDemand":{"eastus":{"Standard_X":-1}}}`, `{"currency":"USD","onDemand":{"eastus":{"Standard_X":0}}}`,
	} {
		if _, err := ParsePrices([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "read prices: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSpotIsPaidButDoesNotRank(t *testing.T) {
	list := NewPrices("2026-11-01", "a test", map[string]map[string]float64{"eastus": {"Standard_NV36ads_A10_v5": 3.2, "Standard_NC24ads_A100_v4": 3.673}},
		map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 0.5}})
	d, err := Size(Request{Preset: phi4Mini, Region: "eastus", Spot: true, Prices: list})
	if err != nil || d.Options[0].SKU.Name != "Standard_NV36ads_A10_v5" || d.Options[0].HourlyCost.Known {
		t.Errorf("%v: %s for %s", err, d.Options[0].SKU.Name, d.Options[0].HourlyCost)
	}
	if d.Options[1].HourlyCost.String() != "0.50" {
		t.Errorf("spot price of the alternative: %s", d.Options[1].HourlyCost)
	}
}

// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
)

func TestSpotIsPaidButDoesNotRank(t *testing.T) {
	list := capacity.NewPrices(
		"2026-11-01",
		"a test",
		map[string]map[string]float64{"eastus": {"Standard_NV36ads_A10_v5": 3.2, "Standard_NC24ads_A100_v4": 3.673}},
		map[string]map[string]float64{"eastus": {"Standard_NC24ads_A100_v4": 0.5}},
	)
	d, err := Size(Request{Preset: capacitytest.Phi4Mini, Region: "eastus", Spot: true, Prices: list})
	if err != nil || d.Options[0].SKU.Name != "Standard_NV36ads_A10_v5" || d.Options[0].HourlyCost.Known {
		t.Errorf("%v: %s for %s", err, d.Options[0].SKU.Name, d.Options[0].HourlyCost)
	}
	if d.Options[1].HourlyCost.String() != "0.50" {
		t.Errorf("spot price of the alternative: %s", d.Options[1].HourlyCost)
	}
}

// TestPriceHasDate: a price in a hint has the date of its list, and a hint without a price has none.
func TestPriceHasDate(t *testing.T) {
	r := spreadRequest("Standard_NC24ads_A100_v4", map[string]string{flagTensor: "2"})
	_, err := Size(r)
	var refused *capacity.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), " USD/month, prices of "+r.Prices.Date()+")") {
		t.Errorf("got %v", err)
	}
	unpriced := capacity.Option{Nodes: 1, GPUsPerNode: 1, SKU: capacity.SKU{GPUModel: "A10"}}
	if got := r.describe(unpriced); strings.Contains(got, "prices of") {
		t.Errorf("got %s", got)
	}
}

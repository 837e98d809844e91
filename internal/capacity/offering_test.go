// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"strings"
	"testing"
)

func TestQuotaOfASize(t *testing.T) {
	nc24, nc96 := mustLookup(t, "Standard_NC24ads_A100_v4"), mustLookup(t, "Standard_NC96ads_A100_v4")
	q := Quota{
		Families: map[string]Limit{strings.ToLower(nc24.Family): {Used: 72, Max: 120, Known: true}},
		Regional: Limit{Used: 72, Max: 100, Known: true},
		Offers: map[string]Offering{
			"standard_nc24ads_a100_v4": {Name: nc24.Name, Family: strings.ToUpper(nc24.Family)},
			"standard_nc96ads_a100_v4": Offering{
				Name:   nc96.Name,
				Family: nc96.Family,
				Spot:   true,
			}.Restrict(
				Restriction{Zones: []string{"1"}},
			),
			"standard_nc48ads_a100_v4": Offering{Name: "x"}.Restrict(Restriction{Location: true, Reason: "QuotaId"}),
		},
	}
	for _, tt := range []struct {
		name       string
		sku        SKU
		priority   Priority
		not, short string
	}{
		{"fits", nc24, OnDemand, "", ""},
		{
			name:     "the family is short",
			sku:      nc96,
			priority: OnDemand,
			short:    "48 vCPU of StandardNCADSA100v4Family short: limit 120, used 72, needed 96",
		},
		{"not as spot", nc24, Spot, "is not available as spot", ""},
		{"spot quota is not known", nc96, Spot, "", ""},
		{"restricted", mustLookup(t, "Standard_NC48ads_A100_v4"), OnDemand, "QuotaId", "20 vCPU of cores short"},
		{
			name:     "not in the list",
			priority: OnDemand,
			sku:      SKU{Name: "Standard_Unheard_Of", Family: "x", VCPUs: 400},
			not:      "does not have",
			short:    "372 vCPU of cores short",
		},
	} {
		if got := q.Offered(tt.sku, tt.priority); tt.not == "" && got != "" || !strings.Contains(got, tt.not) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.not)
		}
		if got := q.Short(tt.sku, tt.priority); tt.short == "" && got != "" || !strings.Contains(got, tt.short) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.short)
		}
	}
	if q.Short(nc96, OnDemand) == "" || (Quota{}).Short(nc96, OnDemand) != "" {
		t.Error("an unknown quota holds back")
	}
	if more := q.Reserve(nc24, OnDemand, 24); more.Family(nc24).Used != 96 || more.Regional.Used != 96 ||
		q.Family(nc24).Used != 72 {
		t.Errorf("%+v", more)
	}
}

func TestOffersInZones(t *testing.T) {
	sku, _ := LookupSKU("Standard_NC24ads_A100_v4")
	q := Quota{Offers: map[string]Offering{strings.ToLower(sku.Name): {Name: sku.Name, Zones: []string{"1", "3"}}}}
	for zones, want := range map[string]string{
		"":    "",
		"1":   "",
		"2 3": "",
		"2":   "Azure offers " + sku.Name + " in none of the zones 2 (capacity.limits.zones)",
	} {
		if got := q.In(strings.Fields(zones)).Offered(sku, OnDemand); got != want {
			t.Errorf("zones %q: %q", zones, got)
		}
	}
	if got := (Quota{}).In([]string{"1"}).Offered(sku, OnDemand); got != "" {
		t.Errorf("without a list nothing is known: %q", got)
	}
}

// mustLookup returns a size of the catalogue.
func mustLookup(t *testing.T, name string) SKU {
	t.Helper()
	s, ok := LookupSKU(name)
	if !ok {
		t.Fatal(name)
	}
	return s
}

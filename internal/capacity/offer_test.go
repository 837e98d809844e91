package capacity

import (
	"strings"
	"testing"
)

func TestQuotaOfASize(t *testing.T) {
	nc24, nc96 := sku(t, "Standard_NC24ads_A100_v4"), sku(t, "Standard_NC96ads_A100_v4")
	q := Quota{
		Families: map[string]Limit{strings.ToLower(nc24.Family): {Used: 72, Max: 120, Known: true}},
		Regional: Limit{Used: 72, Max: 100, Known: true},
		Offers: map[string]Offer{
			"standard_nc24ads_a100_v4": {Name: nc24.Name, Family: strings.ToUpper(nc24.Family)},
			"standard_nc96ads_a100_v4": Offer{Name: nc96.Name, Family: nc96.Family, Spot: true}.Restrict(Restriction{Zones: []string{"1"}}),
			"standard_nc48ads_a100_v4": Offer{Name: "x"}.Restrict(Restriction{Location: true, Reason: "QuotaId"}),
		},
	}
	for _, tt := range []struct {
		name       string
		sku        SKU
		spot       bool
		not, short string
	}{
		{"fits", nc24, false, "", ""},
		{"the family is short", nc96, false, "", "48 vCPU of StandardNCADSA100v4Family short: limit 120, used 72, needed 96"},
		{"not as spot", nc24, true, "cannot be had as spot", ""},
		{"spot quota is not known", nc96, true, "", ""},
		{"restricted", sku(t, "Standard_NC48ads_A100_v4"), false, "QuotaId", "20 vCPU of cores short"},
		{"not in the list", SKU{Name: "Standard_Unheard_Of", Family: "x", VCPUs: 400}, false, "does not have", "372 vCPU of cores short"},
	} {
		if got := q.Offered(tt.sku, tt.spot); tt.not == "" && got != "" || !strings.Contains(got, tt.not) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.not)
		}
		if got := q.Short(tt.sku, tt.spot); tt.short == "" && got != "" || !strings.Contains(got, tt.short) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.short)
		}
	}
	if q.Short(nc96, false) == "" || (Quota{}).Short(nc96, false) != "" {
		t.Error("an unknown quota holds back")
	}
	if more := q.Reserve(nc24, false, 24); more.Family(nc24).Used != 96 || more.Regional.Used != 96 || q.Family(nc24).Used != 72 {
		t.Errorf("%+v", more)
	}
}

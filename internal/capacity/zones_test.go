package capacity

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestZones blocks a size zone by zone: it cannot be had only once none of the allowed ones is left.
func TestZones(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	sku, _ := LookupSKU("Standard_NC24ads_A100_v4")
	failed := &CloudError{Class: ClassCapacity, Code: "ZonalAllocationFailed", Message: "none left"}
	first := Unavailable{}.Learn(failed, Attempt{SKU: sku, Zones: []string{"1"}}, now, "demo")
	both := first.Learn(failed, Attempt{SKU: sku, Zones: []string{"2"}}, now.Add(time.Minute), "demo")
	regional := Unavailable{}.Learn(failed, Attempt{SKU: sku}, now, "demo")
	for _, tt := range []struct {
		name  string
		known Unavailable
		zones []string
		want  bool
	}{
		{"no zone asked for", both, nil, false},
		{"the zone that failed", first, []string{"1"}, true},
		{"another zone", first, []string{"2"}, false},
		{"one of two left", first, []string{"1", "2"}, false},
		{"none of two left", both, []string{"1", "2"}, true},
		{"a third left", both, []string{"1", "2", "3"}, false},
		{"known without a zone", regional, []string{"1"}, true},
	} {
		in := tt.known.In(tt.zones)
		reason, until, got := in.Blocked(sku, false, now.Add(2*time.Minute))
		if got != tt.want || got && (reason == "" || until.Before(now.Add(time.Hour))) {
			t.Errorf("%s: %t %q %s", tt.name, got, reason, until)
		}
		if again := in.In(tt.zones); !slices.Equal(again.Blocks, in.Blocks) {
			t.Errorf("%s: twice is not the same", tt.name)
		}
	}
}

func TestOffersInZones(t *testing.T) {
	sku, _ := LookupSKU("Standard_NC24ads_A100_v4")
	q := Quota{Offers: map[string]Offer{strings.ToLower(sku.Name): {Name: sku.Name, Zones: []string{"1", "3"}}}}
	for zones, want := range map[string]string{"": "", "1": "", "2 3": "", "2": "Azure offers " + sku.Name + " in none of the zones 2 (capacity.limits.zones)"} {
		if got := q.In(strings.Fields(zones)).Offered(sku, false); got != want {
			t.Errorf("zones %q: %q", zones, got)
		}
	}
	if got := (Quota{}).In([]string{"1"}).Offered(sku, false); got != "" {
		t.Errorf("without a list nothing is known: %q", got)
	}
}

// TestPoolsAreMadeInTheZones shows that the policy is for new pools, and that spot may be forbidden.
func TestPoolsAreMadeInTheZones(t *testing.T) {
	d, err := Size(Request{Preset: phi4Mini, Region: "eastus", InstanceType: "Standard_NC24ads_A100_v4"})
	if err != nil {
		t.Fatal(err)
	}
	in := FleetInput{Cluster: "demo", Region: "eastus", Limits: Limits{Zones: []string{"2"}}, Needs: []Need{{Demand: d}}}
	f := PlanFleet(in)
	if len(f.Pools) != 1 || !slices.Equal(f.Pools[0].Zones, []string{"2"}) {
		t.Fatalf("%+v", f.Pools)
	}
	p := f.Pools[0]
	in.Pools = []LivePool{{Name: p.Name, Size: p.SKU.Name, Count: 1, Owned: true, State: Succeeded, Labels: p.Labels, Taints: p.Taints}}
	for _, c := range PlanPools(Situation{Desired: PlanFleet(in).Pools, Live: in.Pools, Region: "eastus", Held: func(LivePool) string { return "" }, InUse: func(string) string { return "" }}) {
		if c.Op != Keep {
			t.Errorf("a pool that is in no zone is changed: %+v", c)
		}
	}
	if _, err := Size(Request{Preset: phi4Mini, Region: "eastus", Spot: true, Limits: Limits{NoSpot: true}}); err == nil || !strings.Contains(err.Error(), "capacity.limits.spot") {
		t.Errorf("spot although it is not allowed: %v", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"slices"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// TestZones blocks a size zone by zone. It is unavailable once every allowed zone is blocked.
func TestZones(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	failed := &capacity.CloudError{Class: capacity.ClassCapacity, Code: "ZonalAllocationFailed", Message: "none left"}
	first := Offerings{}.Record(failed, Attempt{SKU: sku, Zones: []string{"1"}}, now, "demo")
	both := first.Record(failed, Attempt{SKU: sku, Zones: []string{"2"}}, now.Add(time.Minute), "demo")
	regional := Offerings{}.Record(failed, Attempt{SKU: sku}, now, "demo")
	for _, tt := range []struct {
		name  string
		known Offerings
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
		reason, until, got := in.Blocked(sku, capacity.OnDemand, now.Add(2*time.Minute))
		if got != tt.want || got && (reason == "" || until.Before(now.Add(time.Hour))) {
			t.Errorf("%s: %t %q %s", tt.name, got, reason, until)
		}
		if again := in.In(tt.zones); !slices.Equal(again.Entries, in.Entries) {
			t.Errorf("%s: twice is not the same", tt.name)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"net/http"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

func TestOffersAndQuota(t *testing.T) {
	s := newSim(t, armsim.Options{Quota: map[string]int{"standardncadsh100v5family": 80}})
	s.Behave("Standard_NC48ads_A100_v4", armsim.Behaviour{Restricted: "NotAvailableForSubscription"})
	s.Behave("Standard_NC96ads_A100_v4", armsim.Behaviour{NotInZones: []string{"1", "3"}})
	c := s.cloud(t, nil)
	if err := create(t, c, wanted("wa", "Standard_NC40ads_H100_v5", 1)); err != nil {
		t.Fatal(err)
	}
	q, err := c.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sku := func(name string) capacity.SKU { s, _ := capacity.LookupSKU(name); return s }
	for name, want := range map[string]string{
		a100:                       "",
		"Standard_NC48ads_A100_v4": "to this subscription",
		"Standard_NC96ads_A100_v4": "",
		"Standard_ND40rs_v2":       "does not have",
	} {
		if got := q.Offered(sku(name), capacity.OnDemand); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if zones := q.Offers["standard_nc96ads_a100_v4"].Zones; len(zones) != 1 || zones[0] != "2" {
		t.Errorf("zones %v", zones)
	}
	// The lists of sizes and of usage spell the family differently.
	if l := q.Family(sku("Standard_NC40ads_H100_v5")); l != (capacity.Limit{Used: 40, Max: 80, Known: true}) {
		t.Errorf("%+v", l)
	}
	for path, check := range map[string]func(capacity.Quota) bool{
		"skus":   func(q capacity.Quota) bool { return q.Offers == nil && q.Regional.Known },
		"usages": func(q capacity.Quota) bool { return q.Offers != nil && !q.Regional.Known && !q.Family(sku(a100)).Known },
	} {
		s.Inject(armsim.Fault{Method: http.MethodGet, Contains: path, Status: http.StatusForbidden, Code: "Forbidden"})
		q, err := c.Quota(t.Context())
		if class(err) != capacity.ClassPermission || !check(q) || q.Offered(sku(a100), capacity.OnDemand) != "" {
			t.Errorf("without %s: %v %+v", path, err, q)
		}
	}
}

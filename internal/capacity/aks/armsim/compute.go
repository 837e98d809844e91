// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

const (
	defaultQuota = 200
	spotQuota    = "lowPriorityCores"
)

// used sums the vCPUs of all pools of a subscription, by family and in all; spot has a quota of its own. The lock is
// held.
func (s *Server) used(subscription string) map[string]int {
	out := map[string]int{}
	for _, c := range s.clusters {
		if c.Subscription != subscription {
			continue
		}
		for _, p := range c.Pools {
			sku, ok := lookupSize(fmt.Sprint(p.Properties["vmSize"]))
			if !ok {
				continue
			}
			n := len(p.Machines)
			if busy(p.State) {
				n = max(n, p.Target)
			}
			if p.spot() {
				out[lower(spotQuota)] += n * sku.vcpus
				continue
			}
			out[lower(sku.family)] += n * sku.vcpus
			out["cores"] += n * sku.vcpus
		}
	}
	return out
}

func (p *pool) spot() bool { return p.Properties["scaleSetPriority"] == "Spot" }

func (s *Server) limit(family string) int {
	if n, ok := s.options.Quota[lower(family)]; ok {
		return n
	}
	return defaultQuota
}

// shortOf returns the quota that so many more nodes would exceed, with Azure's words, or "". The lock is held.
func (s *Server) shortOf(c *cluster, sku size, nodes int, spot bool) (code, message string) {
	used, more := s.used(c.Subscription), nodes*sku.vcpus
	exceeds := func(name string) bool { return more > 0 && used[lower(name)]+more > s.limit(name) }
	approved := func(name string) string {
		return fmt.Sprintf(
			"Operation could not be completed as it results in exceeding approved %s quota. "+
				"Additional details - Deployment Model: Resource Manager, "+
				"Location: %s, Current Limit: %d, Current Usage: %d, Additional Required: %d, (Minimum) New Limit Required: %d.",
			name,
			c.Location,
			s.limit(name),
			used[lower(name)],
			more,
			used[lower(name)]+more,
		)
	}
	switch {
	case spot && exceeds(spotQuota):
		return "OperationNotAllowed", approved("LowPriorityCores")
	case spot:
		return "", ""
	case exceeds(sku.family):
		return "ErrCode_InsufficientVCPUQuota", fmt.Sprintf(
			"Insufficient vcpu quota requested %d, remaining %d for family %s for region %s. "+
				"Surge nodes would also consume vcpu quota.",
			more,
			s.limit(sku.family)-used[lower(sku.family)],
			sku.family,
			c.Location,
		)
	case exceeds("cores"):
		return "OperationNotAllowed", fmt.Sprintf(
			"Operation could not be completed as it results in exceeding approved Total Regional Cores quota. "+
				"Additional details - Current Limit: %d, Current Usage: %d, Additional Required: %d.",
			s.limit("cores"),
			used["cores"],
			more,
		)
	}
	return "", ""
}

func (s *Server) getUsages(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := s.used(r.PathValue("sub"))
	names := map[string]bool{"cores": true, spotQuota: true}
	for _, sku := range sizes {
		names[sku.family] = true
	}
	var value []any
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value = append(value, map[string]any{
			"currentValue": used[lower(name)], "limit": s.limit(name), "unit": "Count",
			"name": map[string]any{"value": name, "localizedValue": name},
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": value})
}

// getSKUs lists the sizes, with what Behave says against them. Azure spells a family differently in case here and in
// the quota.
func (s *Server) getSKUs(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := []any{}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		sku := sizes[name]
		if sku.retired {
			continue
		}
		restrictions := []any{}
		if reason := s.sizes[name].Restricted; reason != "" {
			restrictions = append(restrictions, map[string]any{
				"type": "Location", "reasonCode": reason, "values": []string{location}, "restrictionInfo": map[string]any{
					"locations": []string{location},
				},
			})
		}
		if zones := s.sizes[name].NotInZones; len(zones) > 0 {
			restrictions = append(restrictions, map[string]any{
				"type": "Zone", "reasonCode": "NotAvailableForSubscription", "values": []string{location},
				"restrictionInfo": map[string]any{"locations": []string{location}, "zones": zones},
			})
		}
		value = append(value, map[string]any{
			"resourceType": "virtualMachines",
			"name":         sku.name,
			"family":       upperFirst(sku.family),
			"locations":    []string{location},
			"locationInfo": []any{map[string]any{"location": location, "zones": []string{"1", "2", "3"}}},
			"capabilities": []any{
				map[string]any{"name": "vCPUs", "value": strconv.Itoa(sku.vcpus)},
				map[string]any{"name": "GPUs", "value": strconv.Itoa(sku.gpus)},
				map[string]any{"name": "LowPriorityCapable", "value": "True"},
			},
			"restrictions": restrictions,
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": value})
}

func upperFirst(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// size is an Azure VM size, as far as nodes show it.
type size struct {
	vcpus, memoryGiB, gpus int
	family                 string
	retired                bool
	name                   string // as Azure spells it
}

// sizes are those that the emulated region offers, and some that it no longer does.
var sizes = map[string]size{
	"standard_d4s_v5": {vcpus: 4, memoryGiB: 16, family: "standardDSv5Family", name: "Standard_D4s_v5"},
	"standard_nc4as_t4_v3": {
		vcpus:     4,
		memoryGiB: 28,
		gpus:      1,
		family:    "Standard NCASv3_T4 Family",
		name:      "Standard_NC4as_T4_v3",
	},
	"standard_nv36ads_a10_v5": {
		vcpus:     36,
		memoryGiB: 440,
		gpus:      1,
		family:    "StandardNVADSA10v5Family",
		name:      "Standard_NV36ads_A10_v5",
	},
	"standard_nv72ads_a10_v5": {
		vcpus:     72,
		memoryGiB: 880,
		gpus:      2,
		family:    "StandardNVADSA10v5Family",
		name:      "Standard_NV72ads_A10_v5",
	},
	"standard_nc24ads_a100_v4": {
		vcpus:     24,
		memoryGiB: 220,
		gpus:      1,
		family:    "StandardNCADSA100v4Family",
		name:      "Standard_NC24ads_A100_v4",
	},
	"standard_nc48ads_a100_v4": {
		vcpus:     48,
		memoryGiB: 440,
		gpus:      2,
		family:    "StandardNCADSA100v4Family",
		name:      "Standard_NC48ads_A100_v4",
	},
	"standard_nc96ads_a100_v4": {
		vcpus:     96,
		memoryGiB: 880,
		gpus:      4,
		family:    "StandardNCADSA100v4Family",
		name:      "Standard_NC96ads_A100_v4",
	},
	"standard_nc40ads_h100_v5": {
		vcpus:     40,
		memoryGiB: 320,
		gpus:      1,
		family:    "StandardNCadsH100v5Family",
		name:      "Standard_NC40ads_H100_v5",
	},
	"standard_nc80adis_h100_v5": {
		vcpus:     80,
		memoryGiB: 640,
		gpus:      2,
		family:    "StandardNCadsH100v5Family",
		name:      "Standard_NC80adis_H100_v5",
	},
	"standard_nd96isr_h100_v5": {
		vcpus:     96,
		memoryGiB: 1900,
		gpus:      8,
		family:    "standardNDSH100v5Family",
		name:      "Standard_ND96isr_H100_v5",
	},
	"standard_nc6s_v3": {
		vcpus:     6,
		memoryGiB: 112,
		gpus:      1,
		family:    "standardNCSv3Family",
		retired:   true,
		name:      "Standard_NC6s_v3",
	},
	"standard_nc12s_v3": {
		vcpus:     12,
		memoryGiB: 224,
		gpus:      2,
		family:    "standardNCSv3Family",
		retired:   true,
		name:      "Standard_NC12s_v3",
	},
	"standard_nc24s_v3": {
		vcpus:     24,
		memoryGiB: 448,
		gpus:      4,
		family:    "standardNCSv3Family",
		retired:   true,
		name:      "Standard_NC24s_v3",
	},
}

// location is the one region there is.
const location = "eastus"

func lower(s string) string { return strings.ToLower(s) }

func lookupSize(name string) (size, bool) { s, ok := sizes[lower(name)]; return s, ok }

// getNodes lists the nodes that exist right now, as partial Node objects. The system pool is left out: the cluster that
// the nodes join has nodes of its own.
func (s *Server) getNodes(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	only := r.URL.Query().Get("cluster")
	now := s.options.Now()
	nodes := []any{}
	for _, key := range slices.Sorted(maps.Keys(s.clusters)) {
		c := s.clusters[key]
		if only != "" && !strings.EqualFold(c.Name, only) {
			continue
		}
		s.settle(c, now)
		for _, name := range slices.Sorted(maps.Keys(c.Pools)) {
			if p := c.Pools[name]; p.Properties["mode"] != "System" {
				nodes = append(nodes, c.nodes(p, now, s.sizes[lower(fmt.Sprint(p.Properties["vmSize"]))].NoGPUs)...)
			}
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"nodes": nodes})
}

// nodes are those of one pool that have booted, with the names, labels, taints and capacity that AKS gives them. A pool
// that shrinks loses the nodes with the highest numbers.
func (c *cluster) nodes(p *pool, now time.Time, noGPUs bool) []any {
	sku, ok := lookupSize(fmt.Sprint(p.Properties["vmSize"]))
	if !ok {
		return nil
	}
	var out []any
	for _, m := range p.Machines {
		if now.Before(m.Boot) || p.Gone && now.After(p.Done) || p.leaves(m) {
			continue
		}
		name := c.machineName(p, m)
		capacity := map[string]string{
			"cpu": strconv.Itoa(
				sku.vcpus,
			), "memory": fmt.Sprintf("%dGi", sku.memoryGiB), "pods": "110", "ephemeral-storage": "1Ti",
		}
		labels := map[string]string{
			"agentpool":                      p.Name,
			"kubernetes.azure.com/agentpool": p.Name,
			"kubernetes.azure.com/cluster":   "MC_" + c.ResourceGroup + "_" + c.Name + "_" + c.Location,
			"kubernetes.azure.com/mode":      "user",
			"kubernetes.azure.com/role":      "agent",
			"node.kubernetes.io/instance-type": fmt.Sprint(
				p.Properties["vmSize"],
			),
			"beta.kubernetes.io/instance-type": fmt.Sprint(p.Properties["vmSize"]),
			"topology.kubernetes.io/region":    c.Location,
			"topology.kubernetes.io/zone":      "0",
			"kubernetes.io/os":                 "linux",
			"kubernetes.io/arch":               "amd64",
			"kubernetes.io/hostname":           name,
		}
		if sku.gpus > 0 && !noGPUs {
			capacity["nvidia.com/gpu"] = strconv.Itoa(sku.gpus)
			labels["accelerator"], labels["kubernetes.azure.com/accelerator"] = "nvidia", "nvidia"
		}
		taints := taintsOf(p.Properties["nodeTaints"])
		if p.Properties["scaleSetPriority"] == "Spot" {
			labels["kubernetes.azure.com/scalesetpriority"] = "spot"
			taints = append(
				taints,
				map[string]string{"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"},
			)
		}
		own, _ := p.Properties["nodeLabels"].(map[string]any)
		for k, v := range own {
			labels[k] = fmt.Sprint(v)
		}
		out = append(out, map[string]any{
			"metadata": map[string]any{"name": name, "labels": labels},
			"spec": map[string]any{
				"providerID": fmt.Sprintf(
					"azure:///subscriptions/%s/resourceGroups/mc_%s_%s_%s"+
						"/providers/Microsoft.Compute/virtualMachineScaleSets/%s/virtualMachines/%d",
					c.Subscription,
					lower(c.ResourceGroup),
					lower(c.Name),
					c.Location,
					c.scaleSet(p),
					m.Number,
				),
				"taints": taints,
			},
			"status": map[string]any{"capacity": capacity, "allocatable": capacity},
		})
	}
	return out
}

// taintsOf parses key=value:Effect.
func taintsOf(v any) []map[string]string {
	list, _ := v.([]any)
	out := []map[string]string{}
	for _, t := range list {
		pair, effect, _ := strings.Cut(fmt.Sprint(t), ":")
		key, value, _ := strings.Cut(pair, "=")
		out = append(out, map[string]string{"key": key, "value": value, "effect": effect})
	}
	return out
}

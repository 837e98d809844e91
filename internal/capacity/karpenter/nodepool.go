// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"strconv"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/wellknown"
)

// Disruption settings of the NodePools. Karpenter deletes a node that stays empty long enough for a failed pod to
// restart on it. Nodes never expire, because expiry terminates their pods. Karpenter replaces drifted nodes one at a
// time, and none that runs a tuning job.
const (
	emptyFor     = "5m"
	expireNever  = "Never"
	driftServing = "1"
	driftTuning  = "0"
)

// Object returns the NodePool object (karpenter.sh/v1).
func (p NodePool) Object() map[string]any {
	drift := driftServing
	if p.Tuning {
		drift = driftTuning
	}
	spec := map[string]any{
		"disruption": map[string]any{
			"consolidationPolicy": "WhenEmpty",
			"consolidateAfter":    emptyFor,
			"budgets": []any{
				map[string]any{"nodes": "100%", "reasons": []any{"Empty"}},
				map[string]any{"nodes": drift, "reasons": []any{"Drifted"}},
			},
		},
		"template": map[string]any{
			"metadata": map[string]any{"labels": p.nodeLabels()},
			"spec": map[string]any{
				"expireAfter":  expireNever,
				"nodeClassRef": map[string]any{"group": p.Class.Group, "kind": p.Class.Kind, "name": p.Class.Name},
				"requirements": p.requirements(),
				"taints":       []any{map[string]any{"key": "sku", "value": "gpu", "effect": "NoSchedule"}},
			},
		},
	}
	if limits := p.limits(); limits != nil {
		spec["limits"] = limits
	}
	if p.Static {
		spec["replicas"] = int64(p.Nodes)
	}
	return map[string]any{
		"apiVersion": "karpenter.sh/v1",
		"kind":       "NodePool",
		"metadata": map[string]any{
			"name":   p.Name,
			"labels": p.ownLabels(map[string]any{"app.kubernetes.io/managed-by": "syncer"}),
		},
		"spec": spec,
	}
}

// limits bounds the cost of the NodePool: its nodes, and one more during a replacement.
func (p NodePool) limits() map[string]any {
	nodes := p.Nodes + 1
	if p.Tuning {
		nodes = p.Nodes
	}
	switch {
	case p.Static:
		return map[string]any{"nodes": strconv.Itoa(nodes)} // Karpenter accepts no other limit on static NodePools
	case p.GPUs > 0:
		return map[string]any{wellknown.ResourceGPU: strconv.Itoa(nodes * p.GPUs)}
	}
	return nil
}

func (p NodePool) ownLabels(out map[string]any) map[string]any {
	out[capacity.LabelCluster] = p.Cluster
	out[capacity.LabelWorkspace], out[capacity.LabelWorkspaceNamespace] = p.Workspace.Name, p.Workspace.Namespace
	out[labelKarpenterWorkspace], out[labelKarpenterNamespace] = p.Workspace.Name, p.Workspace.Namespace
	return out
}

// nodeLabels returns the user's labels and syncer's. Labels for the instance type and the kind of node are requirements
// instead.
func (p NodePool) nodeLabels() map[string]any {
	out := map[string]any{}
	for k, v := range p.Labels {
		out[k] = v
	}
	return p.ownLabels(out)
}

func (p NodePool) requirements() []any {
	capacityType := "on-demand"
	if p.Spot {
		capacityType = "spot"
	}
	all := []Requirement{
		{"node.kubernetes.io/instance-type", p.Sizes},
		{"kubernetes.io/os", []string{"linux"}},
		{"kubernetes.io/arch", []string{"amd64"}}, // the only platform of the model images
		{wellknown.LabelCapacityType, []string{capacityType}},
	}
	var out []any
	for _, r := range append(all, p.Extra...) {
		values := make([]any, len(r.Values))
		for i, v := range r.Values {
			values[i] = v
		}
		out = append(out, map[string]any{"key": r.Key, "operator": "In", "values": values})
	}
	return out
}

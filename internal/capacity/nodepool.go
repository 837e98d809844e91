package capacity

import "strconv"

// How Karpenter may disturb the nodes. A node is taken away once it has been empty for a while, long enough for a pod that
// failed to be tried again on it; it never expires, which would end what runs on it by force. A node whose NodePool has
// changed is replaced one at a time, and under a tuning job not at all.
const (
	emptyFor     = "5m"
	expireNever  = "Never"
	driftServing = "1"
	driftTuning  = "0"
)

// Object returns the NodePool as Karpenter reads it (karpenter.sh/v1).
func (p NodePool) Object() map[string]any {
	drift := driftServing
	if p.Tuning {
		drift = driftTuning
	}
	spec := map[string]any{
		"disruption": map[string]any{
			"consolidationPolicy": "WhenEmpty", "consolidateAfter": emptyFor,
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
		"apiVersion": "karpenter.sh/v1", "kind": "NodePool",
		"metadata": map[string]any{"name": p.Name, "labels": p.ownLabels(map[string]any{"app.kubernetes.io/managed-by": "syncer"})},
		"spec":     spec,
	}
}

// limits bound what the NodePool may cost: its nodes, and while one is replaced one more.
func (p NodePool) limits() map[string]any {
	nodes := p.Nodes + 1
	if p.Tuning {
		nodes = p.Nodes
	}
	switch {
	case p.Static:
		return map[string]any{"nodes": strconv.Itoa(nodes)} // no other limit is accepted there
	case p.GPUs > 0:
		return map[string]any{"nvidia.com/gpu": strconv.Itoa(nodes * p.GPUs)}
	}
	return nil
}

func (p NodePool) ownLabels(out map[string]any) map[string]any {
	out[LabelCluster] = p.Cluster
	out[LabelWorkspace], out[LabelWorkspaceNamespace] = p.Workspace.Name, p.Workspace.Namespace
	out[labelKarpenterWorkspace], out[labelKarpenterNamespace] = p.Workspace.Name, p.Workspace.Namespace
	return out
}

// nodeLabels are the user's labels and ours. Labels that say which size or kind of node it is are requirements, not labels.
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
		{"kubernetes.io/arch", []string{"amd64"}}, // the model images are built for nothing else
		{"karpenter.sh/capacity-type", []string{capacityType}},
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

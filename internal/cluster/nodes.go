// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
)

// SameNodes reports whether nodes are the same but for what runs on them.
func SameNodes(a, b []Node) bool {
	if len(a) != len(b) || len(a) == 0 || &a[0] == &b[0] {
		return len(a) == len(b)
	}
	for i := range a {
		x, y := &a[i], &b[i]
		if x.Name != y.Name || x.Pool != y.Pool || x.InstanceType != y.InstanceType || x.Ready != y.Ready ||
			x.GPUs != y.GPUs || x.Claim != y.Claim || x.Cordoned != y.Cordoned || !maps.Equal(x.Slices, y.Slices) ||
			!maps.Equal(x.Labels, y.Labels) {
			return false
		}
	}
	return true
}

// PodsByNode lists the unfinished pods of all owners on each node, as "namespace/name".
func (s State) PodsByNode() map[string][]string {
	out := map[string][]string{}
	for _, n := range s.Nodes {
		out[n.Name] = slices.Clone(n.Pods)
	}
	for k, w := range s.Workloads {
		for _, p := range w.Pods {
			name := k.Namespace + "/" + p.Name
			if p.Node != "" && !p.Ended() && !slices.Contains(out[p.Node], name) {
				out[p.Node] = append(out[p.Node], name)
			}
		}
	}
	return out
}

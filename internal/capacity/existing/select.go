// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Usable lists the ready nodes that match the selector and offer the resource of the Workspace, in the order of names.
func Usable(ws *workspace.Workspace, nodes []cluster.Node) []cluster.Node {
	var out []cluster.Node
	for _, n := range nodes {
		if n.Ready && matches(ws.NodeLabels(), n.Labels) && offered(ws, n) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// offered returns the amount of the Workspace's resource that a node offers: slices of the profile, or GPUs.
func offered(ws *workspace.Workspace, n cluster.Node) int64 {
	if profile := ws.MIGProfile(); profile != "" {
		return n.Slices[profile]
	}
	return n.GPUs
}

func matches(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// Missing describes missing nodes: how many, and the properties that they need.
func Missing(ws *workspace.Workspace, have, need int) cluster.Failure {
	resource := cluster.ResourceGPU
	if profile := ws.MIGProfile(); profile != "" {
		resource = cluster.ResourceMIG + profile
	}
	return cluster.Failure{
		Reason: string(diag.NodesMissing),
		Message: fmt.Sprintf("%d of %d nodes: %d more needed that match %s, are ready and offer %s",
			have, need, need-have, Selector(ws), resource),
	}
}

// Selector names the labels that nodes must have.
func Selector(ws *workspace.Workspace) string {
	labels := ws.NodeLabels()
	if len(labels) == 0 {
		return "any labels (there is no selector)"
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}

// Alike reports whether nodes of two sizes have the same GPUs.
func Alike(a, b capacity.SKU) bool {
	return a.GPUModel == b.GPUModel && a.GPUs == b.GPUs && a.GPUMemoryGiB == b.GPUMemoryGiB
}

// GPUs describes the GPUs of a node.
func GPUs(s capacity.SKU) string {
	return fmt.Sprintf("%d x %s %d GiB", s.GPUs, s.GPUModel, s.GPUMemoryGiB)
}

// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"math"
	"strconv"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// gpus is what the labels of a node say about its GPUs.
type gpus struct {
	product string
	count   int
	gib     int // of each GPU
}

// gpusOf reads the labels of a node. Like KAITO it rounds memory to the nearest GiB.
func gpusOf(n workspace.Node) (gpus, bool) {
	count, err := strconv.Atoi(n.Labels[wellknown.LabelGPUCount])
	mib, err2 := strconv.Atoi(n.Labels[wellknown.LabelGPUMemory])
	g := gpus{product: n.Labels[wellknown.LabelGPUProduct], count: count, gib: int(math.Round(float64(mib) / 1024))}
	return g, err == nil && err2 == nil && g.product != "" && count > 0 && mib > 0
}

// matchingNodes checks the nodes that the Workspace would run on. They must be alike, since vLLM cuts a model into
// equal parts. It returns their number and what each has; ok is false when there is nothing to compute with.
func (c *check) matchingNodes() (nodes int, each gpus, ok bool) {
	const field = "resource.labelSelector"
	all, known := c.env.Nodes(c.set)
	if !known {
		if !c.env.ClosedWorld {
			return 0, each, false // scheduling checks the nodes later
		}
		c.warn(diag.NodesUnknown, field, "the matching nodes are unknown, so syncer does not check their GPUs",
			"provide the nodes: kubectl get nodes -o yaml > nodes.yaml, then --facts nodes.yaml")
		return 0, each, false
	}
	var first workspace.Node
	for _, n := range all {
		if !subset(c.w.NodeLabels(), n.Labels) {
			continue
		}
		g, labelled := gpusOf(n)
		switch {
		case !labelled:
			c.fail(
				diag.NodeLabelsMissing,
				field,
				fmt.Sprintf("node %s lacks usable labels %s, %s and %s",
					n.Name, wellknown.LabelGPUProduct, wellknown.LabelGPUCount, wellknown.LabelGPUMemory),
				"install NVIDIA's GPU feature discovery, which sets them",
			)
			return 0, each, false
		case nodes == 0:
			first, each = n, g
		case g.product != each.product:
			return c.differ(first, n, wellknown.LabelGPUProduct)
		case g.count != each.count:
			return c.differ(first, n, wellknown.LabelGPUCount)
		case g.gib != each.gib:
			return c.differ(first, n, wellknown.LabelGPUMemory)
		}
		nodes++
	}
	if nodes == 0 {
		c.fail(
			diag.NoMatchingNodes,
			field,
			"no node has all these labels",
			fmt.Sprintf("label the nodes to use; syncer knows %d nodes", len(all)),
		)
		return 0, each, false
	}
	return nodes, each, true
}

func (c *check) differ(a, b workspace.Node, label string) (int, gpus, bool) {
	c.fail(
		diag.NodesDiffer,
		"resource.labelSelector",
		fmt.Sprintf(
			"the selected nodes have different GPUs: %s is %s on %s and %s on %s",
			label,
			a.Labels[label],
			a.Name,
			b.Labels[label],
			b.Name,
		),
		"select nodes of one kind, because syncer cuts the model into equal parts",
	)
	return 0, gpus{}, false
}

func subset(want, have map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

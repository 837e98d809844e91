package workspace

import (
	"fmt"
	"math"
	"strconv"
)

// Node labels of NVIDIA's GPU feature discovery. Memory is MiB per GPU.
const (
	LabelGPUProduct = "nvidia.com/gpu.product"
	LabelGPUCount   = "nvidia.com/gpu.count"
	LabelGPUMemory  = "nvidia.com/gpu.memory"
)

// gpus is what the labels of a node say about its GPUs.
type gpus struct {
	product string
	count   int
	gib     int // of each GPU
}

// gpusOf reads the labels of a node. Like KAITO it rounds memory to the nearest GiB.
func gpusOf(n Node) (gpus, bool) {
	count, err := strconv.Atoi(n.Labels[LabelGPUCount])
	mib, err2 := strconv.Atoi(n.Labels[LabelGPUMemory])
	g := gpus{product: n.Labels[LabelGPUProduct], count: count, gib: int(math.Round(float64(mib) / 1024))}
	return g, err == nil && err2 == nil && g.product != "" && count > 0 && mib > 0
}

// brought looks at the nodes that the Workspace would run on. They must be alike, since the model is cut into equal parts.
// It returns their number and what each has; ok is false when there is nothing to compute with.
func (c *check) brought() (nodes int, each gpus, ok bool) {
	const field = "resource.labelSelector"
	all, known := c.nodes()
	if !known {
		if !c.env.ClosedWorld {
			return 0, each, false // whoever places the Workspace looks at the nodes
		}
		c.warn(field, "which nodes match is not known here, so that nothing is said about their GPUs",
			"hand them in: kubectl get nodes -o yaml > nodes.yaml, and --facts nodes.yaml")
		return 0, each, false
	}
	var first Node
	for _, n := range all {
		if !subset(c.w.NodeLabels(), n.Labels) {
			continue
		}
		g, labelled := gpusOf(n)
		switch {
		case !labelled:
			c.fail(field, fmt.Sprintf("node %s has no usable labels %s, %s and %s", n.Name, LabelGPUProduct, LabelGPUCount, LabelGPUMemory),
				"NVIDIA's GPU feature discovery sets them")
			return 0, each, false
		case nodes == 0:
			first, each = n, g
		case g.product != each.product:
			return c.differ(first, n, LabelGPUProduct)
		case g.count != each.count:
			return c.differ(first, n, LabelGPUCount)
		case g.gib != each.gib:
			return c.differ(first, n, LabelGPUMemory)
		}
		nodes++
	}
	if nodes == 0 {
		c.fail(field, "no node has these labels", fmt.Sprintf("%d nodes are known; label those that are meant", len(all)))
		return 0, each, false
	}
	return nodes, each, true
}

func (c *check) differ(a, b Node, label string) (int, gpus, bool) {
	c.fail("resource.labelSelector", fmt.Sprintf("the nodes are not alike: %s is %s on %s and %s on %s", label, a.Labels[label], a.Name, b.Labels[label], b.Name),
		"choose labels that only nodes of one kind have")
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

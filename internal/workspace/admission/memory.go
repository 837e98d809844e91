// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// AnnotationBypass, with any value, turns the errors about memory into warnings.
const AnnotationBypass = wellknown.AnnotationBypass

// gib is a GiB in bytes.
const gib = 1 << 30

// memory applies KAITO's coarse rules on GPU memory: they compare the weights alone with the whole memory. The capacity
// package decides whether a model fits with its cache, but the check refuses every Workspace that KAITO refuses.
func (c *check) memory() {
	if c.w.Inference == nil || c.w.Inference.Preset == nil {
		return
	}
	p, known := c.catalog.Lookup(c.w.Inference.Preset.Name)
	if p.Deprecated != "" {
		known = false
	}
	if c.env.BYO && c.w.APIVersion != workspace.V1alpha1 {
		c.existingMemory(p, known)
		return
	}
	// For vLLM KAITO leaves it to the estimate of v1beta1 how many nodes it takes; v1alpha1 has none.
	if known && (c.w.Transformers() || c.w.APIVersion == workspace.V1alpha1) {
		c.sizeMemory(p)
	}
}

// existingMemory compares with the matching nodes, or with the requested slice of a GPU.
func (c *check) existingMemory(p preset.Preset, known bool) {
	if part := c.w.Resource.Partition; part != nil {
		if m, ok := migProfile(part.Profile); known && ok && part.Mode == workspace.ModeMIG &&
			p.Model.Counted() > int64(m)*gib {
			weights := inGiB(p.Model.Counted())
			c.tooSmall(
				"resource.partition.profile",
				fmt.Sprintf("the weights of %s (%s) exceed the memory of the slice %s", p.Name, weights, part.Profile),
				"use a larger profile, or whole GPUs",
			)
		}
		return
	}
	nodes, each, ok := c.matchingNodes()
	if !known || !ok {
		return
	}
	node := each.count * each.gib
	c.compare(p, gpuMemory{
		nodes:      nodes,
		nodeGiB:    node,
		sizeField:  "resource.labelSelector",
		countField: "resource.labelSelector",
		hint:       "choose labels of more or larger nodes, or a smaller model",
	})
}

// sizeMemory compares with count nodes of the named size.
func (c *check) sizeMemory(p preset.Preset) {
	r := c.w.Resource
	if c.env.Size == nil || r.Auto() {
		return
	}
	size, ok := c.env.Size(r.InstanceType)
	if !ok {
		return
	}
	nodes := 1
	if r.Count != nil {
		nodes = max(*r.Count, 1)
	}
	c.compare(p, gpuMemory{
		nodes:      nodes,
		nodeGiB:    size.MemoryGiB,
		sizeField:  "resource.instanceType",
		countField: "resource.count",
		hint:       "name a larger size, or remove instanceType to get the cheapest size that fits",
	})
}

// gpuMemory is the GPU memory of the nodes that a Workspace gets.
type gpuMemory struct {
	nodes, nodeGiB        int
	sizeField, countField string // where the size and the number of nodes come from
	hint                  string // how to get more
}

// compare compares the weights of a model with the memory of the nodes.
func (c *check) compare(p preset.Preset, have gpuMemory) {
	weights := p.Model.Counted()
	node, total := int64(have.nodeGiB)*gib, int64(have.nodes)*int64(have.nodeGiB)*gib
	switch {
	case weights <= 0:
	case weights > total:
		c.tooSmall(
			have.sizeField,
			fmt.Sprintf("the weights of %s take %s, more than the GPU memory of %d GiB (nodes: %d)",
				p.Name, inGiB(weights), have.nodes*have.nodeGiB, have.nodes),
			have.hint,
		)
	case weights > node && p.Model.Distributed && c.w.Transformers() && c.w.APIVersion != workspace.V1alpha1:
		c.fail(
			diag.RuntimeNotSupported,
			have.countField,
			"the transformers runtime cannot spread a model over several nodes",
			"use the vllm runtime, or a size that holds the whole model",
		)
	}
}

// tooSmall reports insufficient memory: an error, or a warning if the Workspace has the annotation.
func (c *check) tooSmall(field, message, hint string) {
	if _, bypassed := c.w.Annotations[AnnotationBypass]; bypassed {
		c.warn(diag.NotEnoughMemory, field, message, "not an error because of the annotation "+AnnotationBypass)
		return
	}
	c.fail(diag.NotEnoughMemory, field, message, hint)
}

func inGiB(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/gib) }

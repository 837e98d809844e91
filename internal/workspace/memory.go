package workspace

import (
	"fmt"

	"syncer.dev/syncer/internal/preset"
)

// AnnotationBypass makes warnings of the errors about memory, whatever its value.
const AnnotationBypass = "kaito.sh/bypass-resource-checks"

// gib is a GiB in bytes.
const gib = 1 << 30

// memory applies KAITO's coarse rules on GPU memory: they compare the weights alone with all the memory there is. Whether a model
// really fits, with its cache, is for the capacity package to say; but what KAITO refuses is refused here too.
func (c *check) memory() {
	if c.w.Inference == nil || c.w.Inference.Preset == nil {
		return
	}
	p, known := c.catalog.Lookup(c.w.Inference.Preset.Name)
	if p.Deprecated != "" {
		known = false
	}
	if c.env.Brought && c.w.APIVersion != V1alpha1 {
		c.broughtMemory(p, known)
		return
	}
	// For vLLM KAITO leaves it to the estimate of v1beta1 how many nodes it takes; v1alpha1 has none.
	if known && (c.w.transformers() || c.w.APIVersion == V1alpha1) {
		c.sizeMemory(p)
	}
}

// broughtMemory compares with the nodes that match, or with the slice of a GPU that is asked for.
func (c *check) broughtMemory(p preset.Preset, known bool) {
	if part := c.w.Resource.Partition; part != nil {
		if m, ok := migProfile(part.Profile); known && ok && part.Mode == ModeMIG && p.Model.WeightBytes > int64(m)*gib {
			c.tooSmall("resource.partition.profile", fmt.Sprintf("the weights of %s (%s) exceed the slice %s", p.Name, inGiB(p.Model.WeightBytes), part.Profile), "take a larger profile, or whole GPUs")
		}
		return
	}
	nodes, each, ok := c.brought()
	if !known || !ok {
		return
	}
	node := each.count * each.gib
	c.compare(p, "resource.labelSelector", "resource.labelSelector", nodes, node, "choose labels of more or larger nodes, or a smaller model")
}

// sizeMemory compares with count nodes of the size that is named.
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
	c.compare(p, "resource.instanceType", "resource.count", nodes, size.MemoryGiB, "name a larger size, or leave instanceType out to get the cheapest that fits")
}

// compare compares weights with nodes of nodeGiB each; sizeField and countField are where size and number come from.
func (c *check) compare(p preset.Preset, sizeField, countField string, nodes, nodeGiB int, hint string) {
	weights := p.Model.WeightBytes
	switch {
	case weights <= 0:
	case weights > int64(nodes)*int64(nodeGiB)*gib:
		c.tooSmall(sizeField, fmt.Sprintf("%d GiB of GPU memory (nodes: %d) are too little for the weights of %s, %s", nodes*nodeGiB, nodes, p.Name, inGiB(weights)), hint)
	case weights > int64(nodeGiB)*gib && p.Model.Distributed && c.w.transformers() && c.w.APIVersion != V1alpha1:
		c.fail(countField, "the transformers runtime cannot spread a model over several nodes", "use the vllm runtime, or a size that holds the whole model")
	}
}

// tooSmall reports memory that does not suffice, which an annotation can make a warning.
func (c *check) tooSmall(field, message, hint string) {
	if _, bypassed := c.w.Annotations[AnnotationBypass]; bypassed {
		c.warn(field, message, "the annotation "+AnnotationBypass+" lets it pass")
		return
	}
	c.fail(field, message, hint)
}

func inGiB(bytes int64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/gib) }

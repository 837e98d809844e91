// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/nodelabel"
)

// resource checks the requested nodes. The capacity package decides whether a size exists and fits.
func (c *check) resource() {
	r := &c.w.Resource
	c.labelSelector()
	switch {
	case c.env.BYO && r.InstanceType != "" && c.w.APIVersion != workspace.V1alpha1:
		c.fail(
			diag.UnsupportedField,
			"resource.instanceType",
			"must be empty on existing nodes (capacity.mode: byo)",
			"remove it; resource.labelSelector selects the nodes",
		)
	case c.env.BYO && c.given("resource.instanceType"): // v1alpha1 has no existing nodes, and accepts a size
		c.warn(
			diag.IgnoredField,
			"resource.instanceType",
			"is ignored on existing nodes (capacity.mode: byo)",
			"resource.labelSelector selects the nodes",
		)
	case !c.env.BYO && !c.env.AnySize && !r.Auto() && !hasAzurePrefix(r.InstanceType) && c.w.Tuning == nil:
		c.fail(
			diag.UnknownSize,
			"resource.instanceType",
			fmt.Sprintf("%q is not an Azure VM size with GPUs", r.InstanceType),
			cmp.Or(c.nearSize(r.InstanceType),
				"name a size such as Standard_NC24ads_A100_v4, or remove it to get the cheapest size that fits"),
		)
	}
	if r.Count != nil && *r.Count < 0 {
		c.fail(diag.OutOfRange, "resource.count", "must not be negative", "")
	}
	if c.w.Tuning != nil && r.Count != nil && *r.Count > 1 {
		c.fail(diag.OutOfRange, "resource.count", "must be 1, because tuning runs on one node", "set it to 1, or remove it")
	}
	c.partition()
}

// nearSize asks whether a known size was meant, or returns "".
func (c *check) nearSize(name string) string {
	if c.env.NearSize != nil {
		if near := c.env.NearSize(name); near != "" {
			return fmt.Sprintf("did you mean %q?", near)
		}
	}
	return ""
}

// hasAzurePrefix tells Azure's names of sizes as KAITO's admission does.
func hasAzurePrefix(size string) bool {
	s := strings.ToLower(size)
	return strings.HasPrefix(s, "standard_n") || strings.HasPrefix(s, "standard_d")
}

// labelSelector checks that the selector comes down to a map of labels.
func (c *check) labelSelector() {
	s := c.w.Resource.LabelSelector
	if s == nil {
		return
	}
	for i, e := range s.MatchExpressions {
		field := fmt.Sprintf("resource.labelSelector.matchExpressions[%d]", i)
		if e.Operator != "In" || len(e.Values) != 1 {
			c.fail(diag.InvalidLabel, field, "must use the operator In with one value", "write the label under matchLabels")
		} else {
			c.warn(diag.IgnoredField, field, "does not select nodes, neither in KAITO nor in syncer",
				"write the label under matchLabels")
		}
	}
	if len(s.MatchLabels) > 0 && len(c.w.NodeLabels()) == 0 {
		c.fail(
			diag.ReservedLabel,
			"resource.labelSelector.matchLabels",
			"has only reserved labels, which select no nodes",
			"add a label of your own, such as app: "+c.w.Name,
		)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		field := "resource.labelSelector.matchLabels." + key
		if workspace.ReservedLabel(key) {
			c.warn(diag.ReservedLabel, field, "is a reserved label, and is ignored", "remove it")
		} else {
			c.ownedLabel(field, key, s.MatchLabels[key])
		}
	}
}

// ownedLabel refuses a label of nodes that AKS, the kubelet or syncer own, where the nodes of the pool do not have it:
// no pod could run on them.
func (c *check) ownedLabel(field, key, value string) {
	if c.env.Pool == nil || !nodelabel.Owned(key) {
		return
	}
	if fault := nodelabel.Judge(key, value, c.pool()); fault != nil {
		c.fail(diag.ReservedLabel, field, fault.Why, fault.Hint)
	}
}

// pool returns what is known about the pool of the Workspace.
func (c *check) pool() nodelabel.Pool {
	p := nodelabel.Pool{
		Region:  c.env.Pool.Region,
		Zones:   c.env.Pool.Zones,
		Spot:    c.w.Spot(),
		OSSKU:   c.w.OSSKU(),
		Arch:    "amd64",
		GPU:     "nvidia", // of all sizes that syncer chooses
		Cluster: c.env.Pool.Cluster,
	}
	if !c.w.Resource.Auto() && c.w.PresetName() != "" { // replicas of a set that names its size share a pool
		p.Set = c.w.InferenceSet
	}
	if r := c.w.Resource; !r.Auto() && c.env.Hardware != nil {
		if h, ok := c.env.Hardware(r.InstanceType); ok {
			p.Size, p.Arch, p.GPU = h.Name, h.Arch, h.GPU
		} else {
			p.Size, p.Arch, p.GPU = r.InstanceType, "", ""
		}
	}
	return p
}

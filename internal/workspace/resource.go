package workspace

import (
	"fmt"
	"strings"
)

// resource checks which nodes are asked for. Whether a size exists and fits is for the capacity package to say.
func (c *check) resource() {
	r := &c.w.Resource
	c.labelSelector()
	switch {
	case c.env.Brought && r.InstanceType != "" && c.w.APIVersion != V1alpha1:
		c.fail("resource.instanceType", "must be empty where nodes are brought (capacity.mode: byo)", "remove it; the nodes are found by resource.labelSelector")
	case c.env.Brought && c.given("resource.instanceType"): // v1alpha1 knows nothing of brought nodes, and lets it pass
		c.warn("resource.instanceType", "is not used where nodes are brought (capacity.mode: byo)", "the nodes are found by resource.labelSelector")
	case !c.env.Brought && !c.env.AnySize && !r.Auto() && !hasAzurePrefix(r.InstanceType) && c.w.Tuning == nil:
		c.fail("resource.instanceType", fmt.Sprintf("%q is not an Azure VM size with GPUs", r.InstanceType), "name a size such as Standard_NC24ads_A100_v4, or leave it out to get the cheapest that fits")
	}
	if r.Count != nil && *r.Count < 0 {
		c.fail("resource.count", "must not be negative", "")
	}
	if c.w.Tuning != nil && r.Count != nil && *r.Count > 1 {
		c.fail("resource.count", "tuning runs on one node", "set it to 1, or remove it")
	}
	c.partition()
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
			c.fail(field, "only the operator In with one value can be used", "write it under matchLabels")
		} else {
			c.warn(field, "matchExpressions are not used to choose nodes, in KAITO as here", "write it under matchLabels")
		}
	}
	if len(s.MatchLabels) > 0 && len(c.w.NodeLabels()) == 0 {
		c.fail("resource.labelSelector.matchLabels", "holds only labels that are reserved", "add a label of your own, such as app: "+c.w.Name)
		return
	}
	for key := range s.MatchLabels {
		if reservedLabels[key] {
			c.warn("resource.labelSelector.matchLabels."+key, "is reserved, and is ignored", "remove it")
		}
	}
}

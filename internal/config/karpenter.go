// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"

	"syncer.dev/syncer/internal/diag"
)

// The forms of the lists below capacity.karpenter. Package capacity/karpenter gives them their meaning.
var (
	sizeForm        = regexp.MustCompile(`^[^=\s]+=[1-9][0-9]*x[1-9][0-9]*$`)
	requirementForm = regexp.MustCompile(`^[^=\s]+=[^=|\s]+(\|[^=|\s]+)*$`)
)

// karpenter checks the values below capacity.karpenter, and that a node class is named where mode karpenter uses it.
func (c *check) karpenter() {
	k := c.Capacity.Karpenter
	class := k.NodeClass
	if c.Capacity.Mode == ModeKarpenter && (class.Group == "" || class.Kind == "" || class.Name == "") {
		c.fail(diag.NodeClassRequired, "capacity.karpenter.nodeClass",
			"write group, kind and name, such as {group: karpenter.azure.com, kind: AKSNodeClass, name: default}",
			"mode karpenter requires a node class")
	}
	for _, s := range k.Sizes {
		if !sizeForm.MatchString(s) {
			c.fail(diag.InvalidValue, "capacity.karpenter.sizes",
				"write NAME=GPUSxGIB, such as a2-highgpu-1g=1x40",
				"%q does not name an instance type and its GPUs", s)
		}
	}
	for _, r := range k.Requirements {
		if !requirementForm.MatchString(r) {
			c.fail(diag.InvalidValue, "capacity.karpenter.requirements",
				"write KEY=VALUE or KEY=VALUE|VALUE, such as topology.kubernetes.io/zone=eastus-1|eastus-2",
				"%q is not a valid requirement", r)
		}
	}
}

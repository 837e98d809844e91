package config

import (
	"fmt"
	"regexp"
)

// The forms of the lists below capacity.karpenter. What they mean is for the capacity package to say.
var (
	sizeForm        = regexp.MustCompile(`^[^=\s]+=[1-9][0-9]*x[1-9][0-9]*$`)
	requirementForm = regexp.MustCompile(`^[^=\s]+=[^=|\s]+(\|[^=|\s]+)*$`)
)

// check returns what is wrong with the values, and when they are used which are missing.
func (k Karpenter) check(used bool) Error {
	var out Error
	fail := func(field, hint, format string, args ...any) {
		out = append(out, Problem{Field: "capacity.karpenter." + field, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	class := k.NodeClass
	if used && (class.Group == "" || class.Kind == "" || class.Name == "") {
		fail("nodeClass", "write group, kind and name, such as {group: karpenter.azure.com, kind: AKSNodeClass, name: default}", "mode karpenter needs a node class")
	}
	for _, s := range k.Sizes {
		if !sizeForm.MatchString(s) {
			fail("sizes", "write NAME=GPUSxGIB, such as a2-highgpu-1g=1x40", "%q is not an instance type with its GPUs", s)
		}
	}
	for _, r := range k.Requirements {
		if !requirementForm.MatchString(r) {
			fail("requirements", "write KEY=VALUE or KEY=VALUE|VALUE, such as topology.kubernetes.io/zone=eastus-1|eastus-2", "%q is not a requirement", r)
		}
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"syncer.dev/syncer/internal/diag"
)

// Fault is a quantity of the template that the API server refuses, with which the pods are never created.
type Fault struct {
	Field   string
	Reason  diag.Reason
	Message string
	Hint    string
}

// Faults lists the quantities that the API server refuses, in the order of the containers and then of names. The rules
// are those of ValidateResourceRequirements in pkg/apis/core/validation of Kubernetes.
func Faults(template map[string]any) []Fault {
	var out []Fault
	spec := object(template, "spec")
	for _, kind := range []string{"initContainers", "containers"} {
		for i, c := range list(spec, kind) {
			out = append(out, faults(object(c, "resources"), fmt.Sprintf("spec.%s[%d].resources", kind, i))...)
		}
	}
	out = append(out, faults(object(spec, "resources"), "spec.resources")...)
	for _, name := range sorted(object(spec, "overhead")) {
		if _, fault := amount(name, object(spec, "overhead")[name], "spec.overhead."+name); fault != nil {
			out = append(out, *fault)
		}
	}
	return out
}

// faults judges the limits, the requests, and both together.
func faults(resources map[string]any, field string) []Fault {
	var out []Fault
	limits := map[string]resource.Quantity{}
	read := func(part, name string) (resource.Quantity, bool) {
		q, fault := amount(name, object(resources, part)[name], field+"."+part+"."+name)
		if fault != nil {
			out = append(out, *fault)
		}
		return q, fault == nil
	}
	for _, name := range sorted(object(resources, "limits")) {
		if q, ok := read("limits", name); ok {
			limits[name] = q
		}
	}
	for _, name := range sorted(object(resources, "requests")) {
		request, ok := read("requests", name)
		if !ok {
			continue
		}
		limit, limited := limits[name]
		_, stated := object(resources, "limits")[name]
		if fault := together(name, request, limit, limited, stated); fault != nil {
			fault.Field = field + ".requests." + name
			out = append(out, *fault)
		}
	}
	return out
}

// together judges a request beside the limit of the same resource. A limit that is stated and refused says nothing.
func together(name string, request, limit resource.Quantity, limited, stated bool) *Fault {
	whole := !overcommitted(name)
	switch {
	case stated && !limited:
	case whole && !limited:
		return &Fault{
			Reason:  diag.RequiredField,
			Message: fmt.Sprintf("is a request without a limit: Kubernetes takes one for %s only with an equal limit", name),
			Hint:    fmt.Sprintf("write limits: {%s: %q}", name, request.String()),
		}
	case whole && request.Cmp(limit) != 0:
		return &Fault{
			Reason:  diag.ConflictingFields,
			Message: fmt.Sprintf("must be equal to the limit of %s, not %s", limit.String(), request.String()),
			Hint:    "remove the request: the limit is one",
		}
	case limited && request.Cmp(limit) > 0:
		return &Fault{
			Reason:  diag.ConflictingFields,
			Message: fmt.Sprintf("must be at most the limit of %s, not %s", limit.String(), request.String()),
			Hint:    "lower the request, or raise the limit",
		}
	}
	return nil
}

// amount reads one quantity, or says why the API server refuses it.
func amount(name string, v any, field string) (resource.Quantity, *Fault) {
	fail := func(reason diag.Reason, message, hint string) (resource.Quantity, *Fault) {
		return resource.Quantity{}, &Fault{Field: field, Reason: reason, Message: message, Hint: hint}
	}
	q, err := resource.ParseQuantity(fmt.Sprint(v))
	switch {
	case err != nil:
		return fail(diag.InvalidValue, "must be a quantity of Kubernetes",
			"write a number with a unit, such as 4, 500m or 16Gi")
	case q.Sign() < 0:
		return fail(diag.OutOfRange, fmt.Sprintf("must be at least 0, not %s", q.String()), "")
	case extended(name) && !isWhole(q):
		return fail(diag.OutOfRange, fmt.Sprintf("must be a whole number, not %s", q.String()),
			fmt.Sprintf("a pod takes whole units of %s", name))
	}
	return q, nil
}

// isWhole reports whether a quantity has no fraction.
func isWhole(q resource.Quantity) bool {
	up := q.DeepCopy()
	up.RoundUp(0)
	return up.Cmp(q) == 0
}

// native reports whether a resource is one of Kubernetes itself (IsNativeResource).
func native(name string) bool {
	return !strings.Contains(name, "/") || strings.Contains(name, "kubernetes.io/")
}

// extended reports whether a resource is a device of a plugin, such as nvidia.com/gpu (IsExtendedResourceName).
func extended(name string) bool { return !native(name) && !strings.HasPrefix(name, "requests.") }

// overcommitted reports whether the limits of a node's pods may exceed what it has (IsOvercommitAllowed).
func overcommitted(name string) bool { return native(name) && !strings.HasPrefix(name, "hugepages-") }

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

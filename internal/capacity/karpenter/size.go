// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/document"
)

// Azure reports whether the class creates nodes on Azure, whose sizes and prices the catalogue holds.
func (c NodeClass) Azure() bool { return c.Group == "karpenter.azure.com" }

// aws reports whether the class creates nodes on AWS, by Karpenter's provider or by EKS Auto Mode.
func (c NodeClass) aws() bool {
	return c.Group == "karpenter.k8s.aws" || c.Group == "eks.amazonaws.com"
}

// catalogue returns the instance types beyond Azure's sizes.
func (k Settings) catalogue() []capacity.SKU {
	if k.Class.aws() {
		return slices.Concat(awsSizes, k.Sizes)
	}
	return k.Sizes
}

// RequestFor returns the Request of a Workspace, without the parts that come from the configuration.
func (k Settings) RequestFor(w *workspace.Workspace, p preset.Preset) sizing.Request {
	r := sizing.RequestFor(w, p)
	if k.leavesOpen(w) {
		r.InstanceType = ""
	}
	return r
}

// leavesOpen reports whether syncer selects the instance type. The default size of a v1alpha1 file is one of Azure's,
// so other clouds ignore it.
func (k Settings) leavesOpen(w *workspace.Workspace) bool {
	return w.Resource.Auto() ||
		!k.Class.Azure() && w.APIVersion == workspace.V1alpha1 && w.Resource.InstanceType == document.DefaultInstanceType
}

// Size returns the Demand of a Workspace on the instance types of the cloud. On Azure it is sizing.Size. The error is a
// *capacity.RefusedError.
func (k Settings) Size(r sizing.Request) (capacity.Demand, error) {
	if _, own := find(k.Sizes, r.InstanceType); k.Class.Azure() && !own {
		return sizing.Size(r)
	}
	if r.Preset.Name == "" {
		return k.template(r)
	}
	if r.InstanceType != "" && r.InstanceType != "auto" {
		return k.named(r)
	}
	return k.choose(r)
}

// named sizes a Workspace that names its instance type.
func (k Settings) named(r sizing.Request) (capacity.Demand, error) {
	s, known := find(k.catalogue(), r.InstanceType)
	if !known {
		return capacity.Demand{}, sizing.Refused(
			diag.UnknownSize,
			sizing.SizeField,
			fmt.Sprintf("instance type %s is not known", r.InstanceType),
			k.smallest(r)+describeSize,
		)
	}
	if !r.Limits.Allows(s.Name) {
		return capacity.Demand{}, sizing.Refused(
			diag.SizeNotAllowed,
			sizing.SizeField,
			s.Name+" is not allowed by capacity.limits.allowedSizes",
			"allowed: "+strings.Join(r.Limits.AllowedSizes, ", "),
		)
	}
	d, err := on(r, s)
	var refused *capacity.RefusedError
	if errors.As(err, &refused) && strings.HasPrefix(refused.Field, "resource.") {
		refused.Diagnostic = refused.On(sizing.SizeField).Suggest(strings.TrimSuffix(k.smallest(r), "; "))
	}
	return d, err
}

// choose selects the smallest instance type that fits: the fewest nodes, then the least GPU memory. syncer has no
// prices of other clouds. Karpenter has, and takes the cheapest of the interchangeable types.
func (k Settings) choose(r sizing.Request) (capacity.Demand, error) {
	var out capacity.Demand
	var last error
	for _, s := range k.catalogue() {
		if r.Unusable(s) != "" || !r.Limits.Allows(s.Name) {
			continue
		}
		d, err := on(r, s)
		if err != nil {
			last = err
			continue
		}
		options := append(out.Options, d.Options[0])
		out = d
		out.Options = options
	}
	var refused *capacity.RefusedError
	switch {
	case len(out.Options) > 0:
	case errors.As(last, &refused) && !strings.HasPrefix(refused.Field, "resource."):
		return capacity.Demand{}, last // about the model, not about any size
	default:
		known := "known"
		if len(r.Limits.AllowedSizes) > 0 {
			known = "known, and allowed by capacity.limits.allowedSizes,"
		}
		return capacity.Demand{}, sizing.Refused(
			diag.NoSizeFits,
			sizing.SizeField,
			fmt.Sprintf("no instance type that is %s for %s fits %s", known, k.Class.Kind, r.Preset.Name),
			describeSize,
		)
	}
	weight := func(o capacity.Option) int { return o.Nodes * o.SKU.GPUs * o.SKU.GPUMemoryGiB }
	slices.SortStableFunc(out.Options, func(a, b capacity.Option) int {
		return cmp.Or(cmp.Compare(a.Nodes, b.Nodes), cmp.Compare(weight(a), weight(b)), cmp.Compare(a.SKU.GPUs, b.SKU.GPUs),
			cmp.Compare(a.SKU.VCPUs, b.SKU.VCPUs), strings.Compare(a.SKU.Name, b.SKU.Name))
	})
	if i := slices.IndexFunc(out.Options, func(o capacity.Option) bool { return o.SKU.Name == r.Current }); i > 0 {
		current := out.Options[i]
		out.Options = slices.Insert(slices.Delete(out.Options, i, i+1), 0, current)
	}
	return out, nil
}

// template sizes a pod template. syncer knows nothing about its model, so the user has to name an instance type.
func (k Settings) template(r sizing.Request) (capacity.Demand, error) {
	if r.InstanceType == "" || r.InstanceType == "auto" {
		return capacity.Demand{}, sizing.Refused(
			diag.SizeRequired,
			sizing.SizeField,
			"a pod template needs an instance type: syncer does not know what it runs",
			"name one of this cloud",
		)
	}
	s, known := find(k.catalogue(), r.InstanceType)
	if !known {
		s = capacity.SKU{Name: r.InstanceType}
	}
	return on(r, s)
}

// on sizes the Workspace for one instance type, as for existing nodes.
func on(r sizing.Request, s capacity.SKU) (capacity.Demand, error) {
	d, err := sizing.SizeOn(r, s)
	for i := range d.Options {
		d.Options[i].HourlyCost = capacity.Cost{} // there are no prices of other clouds
	}
	return d, err
}

// describeSize is a hint how to add an instance type.
const describeSize = "an instance type that is not known is described in capacity.karpenter.sizes, as " +
	"NAME=GPUSxGIB, and named in resource.instanceType"

// smallest returns a hint with the smallest instance type that fits, or "".
func (k Settings) smallest(r sizing.Request) string {
	d, err := k.choose(r)
	if err != nil {
		return ""
	}
	return "the smallest that fits is " + d.Options[0].SKU.Name + "; "
}

func find(sizes []capacity.SKU, name string) (capacity.SKU, bool) {
	i := slices.IndexFunc(sizes, func(s capacity.SKU) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return capacity.SKU{}, false
	}
	return sizes[i], true
}

package capacity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Azure reports whether the nodes are Azure's, whose sizes and prices are in the catalogue.
func (c NodeClass) Azure() bool { return c.Group == "karpenter.azure.com" }

// aws reports whether the nodes are those of AWS: of the provider there, or of EKS Auto Mode.
func (c NodeClass) aws() bool {
	return c.Group == "karpenter.k8s.aws" || c.Group == "eks.amazonaws.com"
}

// catalogue lists what may be had besides Azure's sizes.
func (k Karpenter) catalogue() []SKU {
	if k.Class.aws() {
		return slices.Concat(awsSizes, k.Sizes)
	}
	return k.Sizes
}

// RequestFor returns the Request of a Workspace, without the parts that come from the configuration.
func (k Karpenter) RequestFor(w *workspace.Workspace, p preset.Preset) Request {
	r := RequestFor(w, p)
	if k.leavesOpen(w) {
		r.InstanceType = ""
	}
	return r
}

// leavesOpen reports whether the choice of the instance type is ours. A v1alpha1 file that names none gets a size of Azure's by
// default, which means nothing on other clouds.
func (k Karpenter) leavesOpen(w *workspace.Workspace) bool {
	return w.Resource.Auto() || !k.Class.Azure() && w.APIVersion == workspace.V1alpha1 && w.Resource.InstanceType == workspace.DefaultInstanceType
}

// Size works out what a Workspace needs, and how it can be had from Karpenter. The error is a *RefusedError.
func (k Karpenter) Size(r Request) (Demand, error) {
	if _, own := find(k.Sizes, r.InstanceType); k.Class.Azure() && !own {
		return Size(r)
	}
	if r.Preset.Name == "" {
		return k.template(r)
	}
	if r.InstanceType != "" && r.InstanceType != "auto" {
		return k.named(r)
	}
	return k.choose(r)
}

// named sizes a Workspace whose user chose the instance type.
func (k Karpenter) named(r Request) (Demand, error) {
	s, known := find(k.catalogue(), r.InstanceType)
	if !known {
		return Demand{}, &RefusedError{sizeField, fmt.Sprintf("instance type %s is not known", r.InstanceType), k.smallest(r) + describeSize}
	}
	if !r.Limits.allows(s.Name) {
		return Demand{}, &RefusedError{sizeField, s.Name + " is not allowed by capacity.limits.allowedSizes", "allowed: " + strings.Join(r.Limits.AllowedSizes, ", ")}
	}
	d, err := on(r, s)
	var refused *RefusedError
	if errors.As(err, &refused) && strings.HasPrefix(refused.Field, "resource.") {
		refused.Field, refused.Hint = sizeField, strings.TrimSuffix(k.smallest(r), "; ")
	}
	return d, err
}

// choose takes the smallest that fits: fewest nodes, then least GPU memory in all. No prices are known here, so Karpenter,
// which knows them, decides between those on which the Workspace runs in the same way.
func (k Karpenter) choose(r Request) (Demand, error) {
	var out Demand
	var last error
	for _, s := range k.catalogue() {
		if s.Unusable() != "" || !r.Limits.allows(s.Name) {
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
	var refused *RefusedError
	switch {
	case len(out.Options) > 0:
	case errors.As(last, &refused) && !strings.HasPrefix(refused.Field, "resource."):
		return Demand{}, last // about the model, not about any size
	default:
		known := "known"
		if len(r.Limits.AllowedSizes) > 0 {
			known = "known, and allowed by capacity.limits.allowedSizes,"
		}
		return Demand{}, &RefusedError{sizeField, fmt.Sprintf("no instance type that is %s for %s fits %s", known, k.Class.Kind, r.Preset.Name), describeSize}
	}
	weight := func(o Option) int { return o.Nodes * o.SKU.GPUs * o.SKU.GPUMemoryGiB }
	slices.SortStableFunc(out.Options, func(a, b Option) int {
		return cmp.Or(cmp.Compare(a.Nodes, b.Nodes), cmp.Compare(weight(a), weight(b)), cmp.Compare(a.SKU.GPUs, b.SKU.GPUs),
			cmp.Compare(a.SKU.VCPUs, b.SKU.VCPUs), strings.Compare(a.SKU.Name, b.SKU.Name))
	})
	if i := slices.IndexFunc(out.Options, func(o Option) bool { return o.SKU.Name == r.Current }); i > 0 {
		current := out.Options[i]
		out.Options = slices.Insert(slices.Delete(out.Options, i, i+1), 0, current)
	}
	return out, nil
}

// template sizes a pod template of the user's own, of which nothing is known.
func (k Karpenter) template(r Request) (Demand, error) {
	if r.InstanceType == "" || r.InstanceType == "auto" {
		return Demand{}, &RefusedError{sizeField, "a pod template needs an instance type: what it runs is not known", "name one of this cloud"}
	}
	s, known := find(k.catalogue(), r.InstanceType)
	if !known {
		s = SKU{Name: r.InstanceType}
	}
	return on(r, s)
}

// on sizes the Workspace for one instance type, as for nodes of it that are there.
func on(r Request, s SKU) (Demand, error) {
	r.Brought = &s
	d, err := Size(r)
	for i := range d.Options {
		d.Options[i].HourlyCost = Cost{} // no prices are known
	}
	return d, err
}

// describeSize says how to make an instance type known.
const describeSize = "an instance type that is not known is described in capacity.karpenter.sizes, as NAME=GPUSxGIB, and named in resource.instanceType"

// smallest names the smallest instance type that would do, if there is one.
func (k Karpenter) smallest(r Request) string {
	d, err := k.choose(r)
	if err != nil {
		return ""
	}
	return "the smallest that fits is " + d.Options[0].SKU.Name + "; "
}

func find(sizes []SKU, name string) (SKU, bool) {
	i := slices.IndexFunc(sizes, func(s SKU) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return SKU{}, false
	}
	return sizes[i], true
}

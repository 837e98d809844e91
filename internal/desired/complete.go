// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/workspace"
)

// Complete returns the desired state with the objects of some Workloads as r renders them, for a state that another
// Renderer has made of the same source, such as a render.Outliner. It changes nothing in d. An object stands where its
// outline did.
func (d Desired) Complete(
	ctx context.Context,
	set *workspace.Set,
	catalog Catalog,
	r Renderer,
	policy Policy,
	which func(*Workload) bool,
) (Desired, error) {
	d.Workloads = slices.Clone(d.Workloads)
	var todo []int
	for i := range d.Workloads {
		if w := &d.Workloads[i]; len(w.Bundle.Objects) > 0 && which(w) {
			todo = append(todo, i)
		}
	}
	if len(todo) == 0 {
		return d, nil
	}
	outlines := make([][]*unstructured.Unstructured, len(todo))
	if err := each(ctx, len(todo), func(ctx context.Context, n int) {
		w := &d.Workloads[todo[n]]
		outlines[n] = w.Bundle.Objects
		p, _ := catalog.Lookup(w.Workspace.PresetName())
		if full := w.render(ctx, set, p, r, policy); len(full.Blocked) == len(w.Blocked) {
			w.complete(full.Bundle.Objects)
		}
	}); err != nil {
		return Desired{}, err
	}
	full := map[*unstructured.Unstructured]*unstructured.Unstructured{}
	for n, i := range todo {
		for k, o := range outlines[n] {
			if d.Workloads[i].Bundle.Objects[k] == o && !d.Workloads[i].own(o) {
				return Desired{}, fmt.Errorf("render %s: the second time, it failed", d.Workloads[i].Key)
			}
			full[o] = d.Workloads[i].Bundle.Objects[k]
		}
	}
	d.Objects = slices.Clone(d.Objects)
	for i := range d.Objects {
		if o := full[d.Objects[i].Content]; o != nil {
			d.Objects[i].Content = o
		}
	}
	return d, nil
}

// complete puts rendered objects in the place of their outlines. In front of them is what no Renderer makes: NodePools.
func (w *Workload) complete(rendered []*unstructured.Unstructured) {
	first := len(w.Bundle.Objects) - len(rendered)
	w.Bundle.Objects = slices.Concat(w.Bundle.Objects[:max(first, 0)], rendered)
}

// own reports whether an object is one that no Renderer makes.
func (w *Workload) own(o *unstructured.Unstructured) bool { return w.NodePool != nil && o.GetKind() == "NodePool" }

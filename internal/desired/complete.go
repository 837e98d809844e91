// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/workspace"
)

// Complete returns the objects of the desired state, with those of some Workloads as r renders them, for a state that
// another Renderer has made of the same source, such as a render.Outliner. An object stands where its outline did. It
// changes nothing in d, whose Workloads keep the outlines.
func (d Desired) Complete(
	ctx context.Context,
	set *workspace.Set,
	catalog Catalog,
	r Renderer,
	policy Policy,
	which func(*Workload) bool,
) ([]Object, error) {
	var todo []*Workload
	for i := range d.Workloads {
		if w := d.Workloads[i]; len(w.Bundle.Objects) > 0 && which(w) {
			todo = append(todo, w)
		}
	}
	if len(todo) == 0 {
		return d.Objects, nil
	}
	rendered := make([]Workload, len(todo))
	if err := each(ctx, len(todo), func(ctx context.Context, i int) {
		p, _ := catalog.Lookup(todo[i].Workspace.PresetName())
		rendered[i] = *todo[i]
		rendered[i].render(ctx, set, p, r, policy)
	}); err != nil {
		return nil, err
	}
	full := map[*unstructured.Unstructured]*unstructured.Unstructured{}
	for i, w := range todo {
		outlines, objects := w.Bundle.Objects, rendered[i].Bundle.Objects
		if len(rendered[i].Blocked) > len(w.Blocked) {
			return nil, fmt.Errorf("render %s: the second time, it failed: %s", w.Key, rendered[i].Blocked[0].Message)
		}
		// In front of what a Renderer makes is what none makes: a NodePool.
		for k, o := range outlines[len(outlines)-len(objects):] {
			full[o] = objects[k]
		}
	}
	out := slices.Clone(d.Objects)
	for i := range out {
		if o := full[out[i].Content]; o != nil {
			out[i].Content = o
		}
	}
	return out, nil
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// unchanged reports whether the object is known to be as it should.
func (c *Cluster) unchanged(o *unstructured.Unstructured) bool {
	return c.memory.Unchanged(o, c.live(o))
}

// takeTrial returns the verdict of an earlier dry run if it still counts, once.
func (c *Cluster) takeTrial(o *unstructured.Unstructured) (verdict, bool) {
	live, known := c.known(o)
	replace, ok := c.memory.Take(o, versionOf(live))
	if !ok || !known {
		return verdict{}, false
	}
	p := cluster.Preview{Ref: cluster.RefOf(o), Before: live, After: o, Replace: replace}
	return verdict{Preview: p, live: live}, true
}

// live returns the object as the watch has it, or nil.
func (c *Cluster) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.optionalKind(kind); l != nil {
		return l.get(o.GetNamespace(), o.GetName())
	}
	return c.watches.get(applied[kind], o.GetNamespace(), o.GetName())
}

// known returns the object as the watch has it, and whether the watch of its kind is complete: then an object that is
// not there does not exist, or is not ours.
func (c *Cluster) known(o *unstructured.Unstructured) (live *unstructured.Unstructured, known bool) {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.optionalKind(kind); l != nil {
		return c.live(o), l.listed()
	}
	i := c.watches.informers[applied[kind]][o.GetNamespace()]
	return c.live(o), i != nil && i.HasSynced()
}

// ours returns every live object of the kinds that syncer applies.
func (w *watches) ours() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, gvr := range applied {
		out = append(out, w.list(gvr)...)
	}
	for _, l := range w.optional {
		if l.applied {
			out = append(out, l.list()...)
		}
	}
	return out
}

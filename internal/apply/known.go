// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// unchanged reports whether the object is known to be as it should: from an earlier look, or because the live object
// has exactly what our field manager would apply, as after a restart.
func (c *Cluster) unchanged(o *unstructured.Unstructured) bool {
	s, _ := c.watched(o)
	if s == nil {
		return false
	}
	if c.memory.Unchanged(o, s, func() *unstructured.Unstructured { return s.Unstructured(cluster.FieldManager) }) {
		return true
	}
	intent, known := s.Fulfils()
	return known && mayWrite(c.options, o) == nil && c.memory.Fulfilled(o, s, intent)
}

// Settled reports for each object whether it is known to be as it should, as unchanged does, from its digest.
func (c *Cluster) Settled(objects []cluster.Digested) []bool {
	out := make([]bool, len(objects))
	for i, o := range objects {
		kind := schema.GroupKind{Group: o.Ref.Group, Kind: o.Ref.Kind}
		if kind == secrets.Kind {
			continue // its values have their own rules
		}
		s, _ := c.watches.Object(kind, o.Ref.Namespace, o.Ref.Name)
		if s == nil {
			continue
		}
		live := func() *unstructured.Unstructured { return s.Unstructured(cluster.FieldManager) }
		if out[i] = c.memory.Settled(o, s, live); !out[i] {
			intent, known := s.Fulfils()
			out[i] = known && intent == o.Digest && mayWriteAt(c.options, o.Ref) == nil && c.memory.Fulfils(o, s)
		}
	}
	return out
}

// takeTrial returns the verdict of an earlier dry run if it still counts, once.
func (c *Cluster) takeTrial(o *unstructured.Unstructured) (verdict, bool) {
	live := c.live(o)
	replace, ok := c.memory.Take(o, versionOf(live))
	if !ok {
		return verdict{}, false
	}
	p := cluster.Preview{Ref: cluster.RefOf(o), Before: live, After: o, Replace: replace}
	return verdict{Preview: p, live: live}, true
}

// live returns the metadata of the object as the watch has it, or nil.
func (c *Cluster) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	if s, _ := c.watched(o); s != nil {
		return s.Unstructured(cluster.FieldManager)
	}
	return nil
}

// watched returns what the watch keeps of the object, or nil, and whether the watch of its kind is complete.
func (c *Cluster) watched(o *unstructured.Unstructured) (s *mirror.Object, complete bool) {
	return c.watches.Object(o.GroupVersionKind().GroupKind(), o.GetNamespace(), o.GetName())
}

// known returns the object as the watch has it, and whether that is all of it: the watch of its kind is complete, so
// that an object that is not there does not exist or is not ours, and the watch keeps what a dry run is compared with.
func (c *Cluster) known(o *unstructured.Unstructured) (live *unstructured.Unstructured, known bool) {
	s, known := c.watched(o)
	if s == nil {
		return nil, known
	}
	if live, ok := s.Complete(cluster.FieldManager); ok {
		return live, known
	}
	return s.Unstructured(cluster.FieldManager), false
}

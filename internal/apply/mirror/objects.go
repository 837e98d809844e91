// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"slices"
	"unique"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// objectKey names an object in less than a cluster.Ref.
type objectKey struct {
	kind            unique.Handle[schema.GroupVersionKind]
	namespace, name string
}

// changedObject is one that has changed since the last state; nil: it is gone.
type changedObject struct {
	ref cluster.Ref
	now *Object
}

// listObjects puts the changed objects into their order among the others.
func (v *View) listObjects(s *cluster.State) bool {
	if len(v.objects) == 0 {
		return false
	}
	all := make([]changedObject, 0, len(v.objects))
	for key, now := range v.objects {
		all = append(all, changedObject{refOf(key.kind.Value(), key.namespace, key.name), now})
	}
	slices.SortFunc(all, func(a, b changedObject) int { return a.ref.Compare(b.ref) })
	out := make([]*cluster.Object, 0, len(s.Objects)+len(all))
	rest := s.Objects
	byRef := func(o *cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) }
	for _, o := range all {
		i, found := slices.BinarySearchFunc(rest, o.ref, byRef)
		out = append(out, rest[:i]...)
		rest = rest[i:]
		if found {
			rest = rest[1:]
		}
		if o.now != nil {
			out = append(out, objectOf(o.now))
		}
	}
	s.Objects = append(out, rest...)
	clear(v.objects)
	return true
}

func objectOf(s *Object) *cluster.Object {
	return &cluster.Object{
		Ref:           s.ref(),
		UID:           s.UID(),
		Workspace:     keyOf(s),
		Source:        lookup(s.annotations, cluster.AnnotationSource), // texts within the one that the Object has
		Inputs:        lookup(s.annotations, cluster.AnnotationInputs),
		Owned:         s.mine,
		PruneDisabled: lookup(s.annotations, cluster.AnnotationPrune) == "disabled",
		PruneEnabled:  lookup(s.annotations, cluster.AnnotationPrune) == workspace.PruneEnabled,
		Observed:      lookup(s.annotations, workspace.AnnotationMode) == workspace.ModeObserve,
		Health:        healthOf(s.part),
		Deleting:      s.deleted != 0,
		Finalizers:    ForeignFinalizers(s.finalizersList()),
	}
}

// healthOf returns the health of a plain object; zero for any other.
func healthOf(p Part) cluster.Health {
	plain, _ := p.(Plain)
	return plain.Health
}

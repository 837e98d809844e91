// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"iter"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Rendered finds the objects that several Workspaces render: a preset of the repository may add objects with names of
// its own. Objects that Workspaces share carry no Workspace's name. all must repeat its sequence of most Workspaces.
func Rendered(most int, all iter.Seq2[*workspace.Workspace, render.Bundle]) Conflicts {
	if !renderedTwice(all) {
		return Conflicts{}
	}
	first := make(map[cluster.Ref]*workspace.Workspace, 3*most)
	makers := map[cluster.Ref][]maker{} // of objects with more than one
	var order []cluster.Ref
	for w, bundle := range all {
		for _, o := range bundle.List() {
			if !o.Own {
				continue
			}
			ref := o.Ref
			ref.Version = ""
			switch one := first[ref]; {
			case one == nil:
				first[ref] = w
				continue
			case makers[ref] == nil:
				makers[ref] = []maker{makerOf(one)}
				order = append(order, ref)
			}
			makers[ref] = append(makers[ref], makerOf(w))
		}
	}
	found := newConflicts()
	for _, ref := range order {
		found.add(ref, makers[ref])
	}
	return found
}

// SameNames reports whether two lists have the same objects of a Workspace's own, in any versions. It errs on the side
// of false.
func SameNames(a, b []render.Listed) bool {
	return slices.EqualFunc(a, b, func(x, y render.Listed) bool {
		x.Ref.Version, y.Ref.Version = "", ""
		return x.Own == y.Own && (!x.Own || x.Ref == y.Ref)
	})
}

// renderedTwice reports whether two Workspaces may have an object of their own in common. It is quick, and errs on the
// side of true.
func renderedTwice(all iter.Seq2[*workspace.Workspace, render.Bundle]) bool {
	sum := 0
	for _, b := range all {
		sum += len(b.List())
	}
	names := newNames(sum)
	for _, bundle := range all {
		for _, o := range bundle.List() {
			ref := o.Ref
			ref.Version = ""
			if o.Own && names.again(ref) {
				return true
			}
		}
	}
	return false
}

// SPDX-License-Identifier: Apache-2.0

// Package conflict finds the objects that more than one document of a source would make. syncer makes none of them: it
// cannot know which one is meant, and each would undo the other in every pass.
package conflict

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Conflicts are the objects with more than one maker. The zero value has none.
type Conflicts struct {
	workspaces map[workspace.Key][]diag.Diagnostic
	refs       map[cluster.Ref]bool // of plain objects
	// Plain are the errors about plain objects.
	Plain []diag.Diagnostic
}

// None reports whether there are none.
func (c *Conflicts) None() bool { return len(c.workspaces) == 0 && len(c.refs) == 0 }

// Of returns the errors of a Workspace, sorted.
func (c *Conflicts) Of(k workspace.Key) []diag.Diagnostic {
	found := c.workspaces[k]
	slices.SortFunc(found, diag.Diagnostic.Compare)
	return found
}

// Has reports whether a plain object has a conflict.
func (c *Conflicts) Has(ref cluster.Ref) bool {
	ref.Version = ""
	return c.refs[ref]
}

// maker is a document that would make an object.
type maker struct {
	at  diag.Position
	key workspace.Key // zero for a plain object
}

// plain reports whether the document is the object itself.
func (m maker) plain() bool { return m.key == workspace.Key{} }

// In finds the objects that Workspaces would make and that another Workspace or a plain object makes as well.
// It goes by names alone, so that a Workspace that waits for nodes counts too.
func In(set *workspace.Set) Conflicts {
	if !madeTwice(set) {
		return Conflicts{}
	}
	first := make(map[cluster.Ref]int, 3*len(set.Workspaces)) // the first Workspace that makes an object
	makers := map[cluster.Ref][]maker{}                       // of objects with more than one
	again := func(ref cluster.Ref, at int, m maker) {
		if makers[ref] == nil {
			makers[ref] = []maker{makerOf(&set.Workspaces[at])}
		}
		makers[ref] = append(makers[ref], m)
	}
	for i := range set.Workspaces {
		w := &set.Workspaces[i]
		for _, ref := range render.Own(w) {
			if at, taken := first[ref]; taken {
				again(ref, at, makerOf(w))
			} else {
				first[ref] = i
			}
		}
	}
	for _, o := range set.Objects {
		if o.Live {
			continue
		}
		ref := cluster.RefOf(&unstructured.Unstructured{Object: o.Content})
		ref.Version = ""
		if at, taken := first[ref]; taken {
			again(ref, at, maker{at: o.Source})
		}
	}
	out := newConflicts()
	for ref, all := range makers {
		out.add(ref, all)
	}
	return out
}

// NoMore reports whether In finds no conflict in a source, given that it found none in the one before, whose Objects
// are equal: each Workspace makes what it made. It is quick, and errs on the side of false.
func NoMore(before, now *workspace.Set) bool {
	at := 0
	for i := range now.Workspaces {
		w := &now.Workspaces[i]
		for at < len(before.Workspaces) && before.Workspaces[at].Compare(w.Key) < 0 {
			at++
		}
		if at == len(before.Workspaces) || !render.SameOwn(&before.Workspaces[at], w) {
			return false
		}
	}
	return true
}

func newConflicts() Conflicts {
	return Conflicts{workspaces: map[workspace.Key][]diag.Diagnostic{}, refs: map[cluster.Ref]bool{}}
}

// madeTwice reports whether an object may have two makers. It is quick, and errs on the side of true.
func madeTwice(set *workspace.Set) bool {
	names := newNames(3*len(set.Workspaces) + len(set.Objects))
	for i := range set.Workspaces {
		for _, ref := range render.Own(&set.Workspaces[i]) {
			if names.again(ref) {
				return true
			}
		}
	}
	for _, o := range set.Objects {
		ref := cluster.RefOf(&unstructured.Unstructured{Object: o.Content})
		ref.Version = ""
		if !o.Live && names.again(ref) {
			return true
		}
	}
	return false
}

// names are hashes of the names of many objects, which take a tenth of the names themselves: each at the first free
// place from that which its last bits say. 0 is a free place.
type names struct {
	seed maphash.Seed
	seen []uint64
}

// newNames returns names with room for n, and for no more. It has more places than names, so that some are free.
func newNames(n int) names {
	return names{maphash.MakeSeed(), make([]uint64, 1<<bits.Len(uint(n+n/2)))}
}

// again adds a name, and reports whether it may have been added before.
func (n names) again(ref cluster.Ref) bool {
	h := max(maphash.Comparable(n.seed, ref), 1)
	last := uint64(len(n.seen) - 1)
	for at := h & last; ; at = (at + 1) & last {
		switch n.seen[at] {
		case h:
			return true
		case 0:
			n.seen[at] = h
			return false
		}
	}
}

// makerOf returns a Workspace as a maker of objects.
func makerOf(w *workspace.Workspace) maker {
	return maker{at: w.At("metadata.name"), key: w.Key}
}

// add reports an object at each of its makers.
func (c *Conflicts) add(ref cluster.Ref, makers []maker) {
	for i, m := range makers {
		other := makers[(i+1)%len(makers)]
		name := fmt.Sprintf("%s %s/%s", ref.Kind, ref.Namespace, ref.Name)
		text := fmt.Sprintf("Workspace %s would make %s, as would Workspace %s in %s", m.key, name, other.key, other.at)
		switch {
		case m.plain():
			text = fmt.Sprintf("Workspace %s in %s would make the same %s", other.key, other.at, name)
		case other.plain():
			text = fmt.Sprintf("Workspace %s would make %s, which is also in %s", m.key, name, other.at)
		}
		d := diag.Errorf(diag.ObjectConflict, "%s", text).On("metadata.name").Placed(m.at).
			Suggest("rename one of them; until then syncer changes neither")
		if m.plain() {
			c.Plain = append(c.Plain, d)
			c.refs[ref] = true
			continue
		}
		c.workspaces[m.key] = append(c.workspaces[m.key], d.For(m.key))
	}
}

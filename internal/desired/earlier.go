// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired/conflict"
	"syncer.dev/syncer/internal/desired/plain"
	"syncer.dev/syncer/internal/desired/references"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Earlier is an answer of Desire that serves the next calls: what is sized and rendered of a Workspace follows from the
// Workspace, its preset, the objects that it names and the Policy, so that equal ones have equal answers. Where it runs
// follows from all others too; Desire asks that again. If what is live of the Workspace is the same as well, and where
// it runs, all of the answer is.
//
// It is read only, and safe for concurrent use.
type Earlier struct {
	set       *workspace.Set
	catalog   Catalog
	workloads []*Workload                  // in the order of their keys
	rendered  []*Workload                  // nil if no call can start from them
	objects   []Object                     // of workloads, and plain ones
	first     []int32                      // see Desired.ObjectsOf
	presets   map[string][sha256.Size]byte // by name
	pools     []capacity.Pool
	fleet     *fleet.Last
	plain     plain.Objects
	clash     conflict.Conflicts
	calm      bool // all pods of all Workloads had a node of their own, on existing nodes
	seen      Observed
}

// NewEarlier returns an answer for a source and what was observed, to be used with an equal Policy.
func NewEarlier(set *workspace.Set, catalog Catalog, seen Observed, d Desired) *Earlier {
	return (*Earlier)(nil).Next(set, catalog, seen, d)
}

// Next is NewEarlier for an answer that was made from this one.
func (e *Earlier) Next(set *workspace.Set, catalog Catalog, seen Observed, d Desired) *Earlier {
	next := &Earlier{
		set:       set,
		catalog:   catalog,
		workloads: d.Workloads,
		rendered:  d.rendered,
		objects:   d.Objects,
		first:     d.first,
		pools:     d.Fleet.Pools,
		fleet:     d.fleet,
		plain:     d.plain,
		clash:     d.clash,
		calm:      d.calm,
		seen:      seen.Kept(),
	}
	next.presets = e.digests(next)
	return next
}

// digests returns the digests of the presets that the Workspaces of the next answer name.
func (e *Earlier) digests(next *Earlier) map[string][sha256.Size]byte {
	known := e != nil && sameCatalog(e.catalog, next.catalog)
	out, looked := map[string][sha256.Size]byte{}, map[string]bool{}
	if known {
		maps.Copy(out, e.presets)
	}
	digests := memo.NewSizes().Of()
	for i, w := range next.workloads {
		if known && i < len(e.workloads) && e.workloads[i] == w {
			continue
		}
		name := w.Workspace.PresetName()
		if looked[name] {
			continue
		}
		looked[name] = true
		if p, ok := next.catalog.Lookup(name); ok {
			if sum, err := digests.Digest(p); err == nil {
				out[p.Name] = sum
			}
		}
	}
	return out
}

// same finds the Workloads of an Earlier that serve another source, and what is observed now.
type same struct {
	*Earlier
	again   Repeater // nil if the Renderer is none
	policy  Policy
	now     Observed
	objects bool          // both sources have equal objects
	catalog bool          // both have one catalogue
	around  bool          // what is observed differs at most in what belongs to one Workspace each
	found   bool          // the objects that Workspaces refer to are the same
	moved   cluster.Moved // what else is live since, if around
	calm    bool          // Earlier.calm for the next call
	keeps   bool          // the next call may start from the Workloads of this one before their nodes were arranged
}

// of returns what serves the source of set.
func (e *Earlier) of(set *workspace.Set, catalog Catalog, r Renderer, policy Policy, seen Observed) *same {
	if e == nil {
		return &same{keeps: seen.Live}
	}
	a, b := &e.seen, &seen
	repeater, _ := r.(Repeater)
	out := &same{
		Earlier: e,
		again:   repeater,
		policy:  policy,
		now:     seen,
		objects: e.set == set || reflect.DeepEqual(e.set.Objects, set.Objects),
		catalog: sameCatalog(e.catalog, catalog),
		around: a.State.Versions != nil && b.State.Versions != nil && a.Live == b.Live && a.NodesKnown == b.NodesKnown &&
			!a.Explain && !b.Explain && a.Eventual == b.Eventual && cluster.SameNodes(a.State.Nodes, b.State.Nodes),
		found: reflect.DeepEqual(a.Found, b.Found),
		keeps: seen.Live,
	}
	if out.around {
		out.moved = seen.Moves.Between(a.State.Versions, b.State.Versions)
	}
	return out
}

func sameCatalog(a, b Catalog) bool {
	return reflect.TypeOf(a).Comparable() && a == b
}

// none reports whether nothing serves.
func (s *same) none() bool { return s == nil || s.Earlier == nil }

// workload returns that of an equal Workspace with an equal preset, or nil. near is a place where it may be.
func (s *same) workload(near int, w *workspace.Workspace) *Workload {
	name := w.PresetName()
	if s.none() || name == "" {
		return nil
	}
	at, found := s.find(near, w.Key)
	if !found {
		return nil
	}
	was := s.workloads[at]
	switch {
	case len(was.Blocked) > 0 || len(was.Demand.Options) == 0: // as where there is no such preset
		return nil
	case !s.objects && (w.Inference == nil || w.Inference.Config != ""): // one of them may be its own
		return nil
	case !workspace.Same(was.Workspace, w):
		return nil
	case s.catalog:
		return was
	}
	p, _ := s.policy.preset(name)
	known, ok := s.presets[p.Name]
	if sum, err := s.policy.answers.Digest(p); err != nil || !ok || sum != known {
		return nil
	}
	return was
}

// placed returns the Workload of an equal Workspace without errors as it was placed, if that follows from the same; nil
// if not.
func (s *same) placed(near int, w *workspace.Workspace) *Workload {
	if s.none() || !s.around || s.moved.Has(w.Key) {
		return nil
	}
	was := s.workload(near, w)
	if was == nil || was.from == nil || !s.found && !s.sameReferences(w) ||
		!maps.Equal(s.seen.Adapters[w.Key], s.now.Adapters[w.Key]) ||
		!slices.Equal(s.seen.Notes[w.Key], s.now.Notes[w.Key]) {
		return nil
	}
	if !s.catalog {
		if _, ok := s.bundleOf(was); !ok {
			return nil
		}
	}
	return was.from
}

// sameReferences reports whether the objects to which a Workspace refers are the same.
func (s *same) sameReferences(w *workspace.Workspace) bool {
	for _, r := range w.References() {
		if ref := references.RefOf(r.Named); !reflect.DeepEqual(s.seen.Found[ref], s.now.Found[ref]) {
			return false
		}
	}
	class, _ := s.policy.NodeSource().NodeClass(w)
	return reflect.DeepEqual(s.seen.Found[class], s.now.Found[class])
}

// arranged returns the rendered Workload that has come out of one that was placed alike; nil if there is none.
func (s *same) arranged(near int, placed *Workload) *Workload {
	if s.none() {
		return nil
	}
	at, found := s.find(near, placed.Key)
	if !found || s.Earlier.rendered == nil || s.Earlier.rendered[at].from != placed {
		return nil
	}
	return s.Earlier.rendered[at]
}

// rendered returns the Workload to render: one that is rendered already, or one that may be changed.
func (s *same) rendered(near int, w *Workload) *Workload {
	if w.from != nil {
		return w // the nodes of all were arranged
	}
	if was := s.arranged(near, w); was != nil {
		return was
	}
	return s.copied(w)
}

// copied returns a placed Workload that may be changed: a copy, if the next call of Desire may start from w again. No
// call starts from one that is not about a cluster, see placed, and at 10,000 Workspaces the copies have 12 MB.
func (s *same) copied(w *Workload) *Workload {
	if s == nil || !s.keeps {
		return w
	}
	out := *w
	if len(w.Blocked) == 0 {
		out.from = w
	}
	return &out
}

// conflicts returns the conflicts of a source, if it is the same, or one that makes no other names.
func (s *same) conflicts(set *workspace.Set) (c conflict.Conflicts, known bool) {
	if s.none() {
		return c, false
	}
	return s.clash, s.set == set || s.objects && s.clash.None() && conflict.NoMore(s.set, set)
}

// alone reports whether no two Workloads render an object of one name: those before do not, since a conflict blocks
// them, and none renders others than before.
func (s *same) alone(all []*Workload) bool {
	if s.none() || s.Earlier.rendered == nil {
		return false
	}
	for i, w := range all {
		if i < len(s.Earlier.rendered) && s.Earlier.rendered[i] == w {
			continue
		}
		at, found := s.find(i, w.Key)
		if made := w.makes(); len(made) > 0 && (!found || !conflict.SameNames(made, s.Earlier.rendered[at].makes())) {
			return false
		}
	}
	return true
}

// listed returns the objects of the earlier answer, if those of these Workloads are the same at the same places, and
// what is beside them; nil if not.
func (s *same) listed(all []*Workload, beside []Object) (objects []Object, first []int32) {
	if s.none() || len(s.first) == 0 || len(all) != len(s.workloads) || len(beside) != int(s.first[0]) {
		return nil, nil
	}
	for i := range beside {
		if s.Earlier.objects[i].Content != beside[i].Content || s.Earlier.objects[i].Unknown != beside[i].Unknown {
			return nil, nil
		}
	}
	for i, w := range all {
		if was := s.workloads[i]; was != w && (was.Key != w.Key || !sameList(was.makes(), w.makes())) {
			return nil, nil
		}
	}
	return slices.Clip(s.Earlier.objects), s.first
}

// sameList reports whether two lists of objects are one, so that the objects are.
func sameList(a, b []render.Listed) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// makes lists what a Workload renders, if it is applied.
func (w *Workload) makes() []render.Listed {
	if len(w.Blocked) > 0 {
		return nil
	}
	return w.Bundle.List()
}

// plain returns the plain objects of the other source.
func (s *same) plain() plain.Objects {
	if s.none() {
		return nil
	}
	return s.Earlier.plain
}

// pools says which pools are the same.
func (s *same) pools(now []capacity.Pool) map[string]bool {
	if s.none() {
		return nil
	}
	out := make(map[string]bool, len(now))
	for i := range now {
		at, found := slices.BinarySearchFunc(s.Earlier.pools, now[i].Name, byPoolName)
		out[now[i].Name] = found && reflect.DeepEqual(s.Earlier.pools[at], now[i])
	}
	return out
}

// sameBinding reports whether two Workloads are bound alike.
func sameBinding(a, b *fleet.Binding) bool {
	return a.Pool == b.Pool && a.Shared == b.Shared && a.Cost == b.Cost && a.Reason == b.Reason && a.Next == b.Next &&
		a.Yields == b.Yields && a.To == b.To && a.Hold == b.Hold && slices.Equal(a.Takes, b.Takes) &&
		(a.Option == b.Option || a.Option != nil && b.Option != nil && reflect.DeepEqual(*a.Option, *b.Option))
}

// find returns the place of the Workload of that key.
func (e *Earlier) find(near int, k workspace.Key) (int, bool) {
	if near < len(e.workloads) && e.workloads[near].Key == k {
		return near, true
	}
	return slices.BinarySearchFunc(e.workloads, k, func(w *Workload, k workspace.Key) int { return w.Key.Compare(k) })
}

// keptFleet returns the fleet of the last plan, for one call of Desire; nil if none is kept: the plans of two commits
// differ in what they start from, and have no use for each other.
func (e *Earlier) keptFleet(seen Observed) *fleet.Kept {
	switch {
	case !seen.Live:
		return nil
	case e == nil:
		return (*fleet.Last)(nil).Take()
	}
	return e.fleet.Take()
}

// needs reports whether a Workload asks the fleet for the same as in the earlier answer.
func (s *same) needs(near int, w *Workload) bool {
	return s.arranged(near, w) != nil && s.seen.FirstSeen[w.Key].Equal(s.now.FirstSeen[w.Key]) &&
		s.seen.Last[w.Key] == s.now.Last[w.Key]
}

// gone lists the Workspaces of the earlier answer that are not among others, in the order of their keys.
func (s *same) gone(now []*Workload) (keys []workspace.Key) {
	in := Earlier{workloads: now}
	for i, was := range s.workloads {
		if _, found := in.find(i, was.Key); !found {
			keys = append(keys, was.Key)
		}
	}
	return keys
}

// Repeater is a Renderer that knows what it has rendered.
type Repeater interface {
	// Again returns the Bundle for the inputs of an earlier one, unless the files of the catalogue have changed since.
	Again(earlier render.Bundle) (b render.Bundle, ok bool)
}

// bundle returns the Bundle of the earlier Workload, if w is placed alike and serves the same results of tunings.
func (s *same) bundle(near int, w *Workload) (render.Bundle, bool) {
	if s.none() || len(w.Blocked) > 0 || w.Waiting != "" {
		return render.Bundle{}, false
	}
	was := s.workload(near, w.Workspace)
	if was == nil || !was.Placement.Equal(w.Placement) || !maps.Equal(was.adapters, w.adapters) {
		return render.Bundle{}, false
	}
	return s.bundleOf(was)
}

// bundleOf returns the rendered Bundle of an earlier Workload; ok is false if the files of the catalogue are others.
func (s *same) bundleOf(was *Workload) (b render.Bundle, ok bool) {
	if s.again == nil {
		return b, false
	}
	if was.Kept != nil {
		return s.again.Again(was.Kept.Rendered)
	}
	return s.again.Again(was.Bundle)
}

// settled returns the Workload that settling has made of another one: that of the last time if it was the same.
func (s *same) settled(near int, w *Workload) *Workload {
	if s.none() {
		return w
	}
	at, found := s.find(near, w.Key)
	if !found {
		return w
	}
	was := s.workloads[at]
	if was.rendered == nil || was.rendered != w.rendered || was.Held != w.Held || was.Waiting != w.Waiting ||
		was.Unplaced != w.Unplaced || was.NodeFailure != w.NodeFailure || was.More != w.More ||
		!slices.Equal(was.Behind, w.Behind) {
		return w
	}
	return was
}

// settling returns a copy of a rendered Workload for the result of settling.
func (w *Workload) settling() *Workload {
	out := *w
	out.rendered = w
	return &out
}

func byPoolName(p capacity.Pool, name string) int { return strings.Compare(p.Name, name) }

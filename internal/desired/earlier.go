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
	"syncer.dev/syncer/internal/preset"
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
	presets   map[string][sha256.Size]byte // by name
	pools     []capacity.Pool
	fleet     *fleet.Last
	plain     plain.Objects
	clash     conflict.Conflicts
	seen      Observed
}

// NewEarlier returns an answer for a source and what was observed, to be used with an equal Policy.
func NewEarlier(set *workspace.Set, catalog Catalog, seen Observed, d Desired) *Earlier {
	e := &Earlier{
		set:       set,
		catalog:   catalog,
		workloads: d.Workloads,
		rendered:  d.rendered,
		presets:   map[string][sha256.Size]byte{},
		pools:     d.Fleet.Pools,
		fleet:     d.fleet,
		plain:     d.plain,
		clash:     d.clash,
		seen:      seen.Kept(),
	}
	digests := memo.NewSizes().Of()
	looked := map[string]bool{}
	for _, w := range d.Workloads {
		name := w.Workspace.PresetName()
		if looked[name] {
			continue
		}
		looked[name] = true
		if p, ok := catalog.Lookup(name); ok {
			if sum, err := digests.Digest(p); err == nil {
				e.presets[p.Name] = sum
			}
		}
	}
	return e
}

// same finds the Workloads of an Earlier that serve another source, and what is observed now.
type same struct {
	*Earlier
	again   Repeater // nil if the Renderer is none
	policy  Policy
	now     Observed
	objects bool // both sources have equal objects
	catalog bool // both have one catalogue
	around  bool // what is observed differs at most in what belongs to one Workspace each
	found   bool // the objects that Workspaces refer to are the same
	keeps   bool // the next call may start from the Workloads of this one before their nodes were arranged
}

// of returns what serves the source of set.
func (e *Earlier) of(set *workspace.Set, catalog Catalog, r Renderer, policy Policy, seen Observed) *same {
	if e == nil {
		return &same{keeps: seen.Live}
	}
	a, b := &e.seen, &seen
	repeater, _ := r.(Repeater)
	return &same{
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
}

func sameCatalog(a, b Catalog) bool {
	return reflect.TypeOf(a).Comparable() && a == b
}

// none reports whether nothing serves.
func (s *same) none() bool { return s == nil || s.Earlier == nil }

// workload returns that of an equal Workspace with an equal preset, or nil. near is a place where it may be.
func (s *same) workload(near int, w *workspace.Workspace, p preset.Preset) *Workload {
	if s.none() {
		return nil
	}
	at, found := s.find(near, w.Key)
	if !found {
		return nil
	}
	was := s.workloads[at]
	switch {
	case len(was.Blocked) > 0 || len(was.Demand.Options) == 0 || p.Name == "":
		return nil
	case !s.objects && (w.Inference == nil || w.Inference.Config != ""): // one of them may be its own
		return nil
	case !workspace.Same(was.Workspace, w):
		return nil
	case s.catalog:
		return was
	}
	known, ok := s.presets[p.Name]
	if sum, err := s.policy.answers.Digest(p); err != nil || !ok || sum != known {
		return nil
	}
	return was
}

// placed returns the Workload of an equal Workspace as it was placed, if that follows from the same; nil if not. w has
// the errors of the Workspace, and is not placed yet.
func (s *same) placed(near int, w *Workload) *Workload {
	if s.none() || !s.around || len(w.Blocked) > 0 || !s.live(w.Key) {
		return nil
	}
	p, _ := s.policy.preset(w.Workspace.PresetName())
	was := s.workload(near, w.Workspace, p)
	if was == nil || was.from == nil || !s.found && !s.sameReferences(w.Workspace) ||
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

// live reports whether what is live of a Workspace is the same, by the versions of the States.
func (s *same) live(k workspace.Key) bool {
	return s.seen.State.Versions[k] == s.now.State.Versions[k]
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

// conflicts returns the conflicts of a source, if it is the same.
func (s *same) conflicts(set *workspace.Set) (c conflict.Conflicts, known bool) {
	if s.none() || s.set != set {
		return c, false
	}
	return s.clash, true
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
	p, _ := s.policy.preset(w.Workspace.PresetName())
	was := s.workload(near, w.Workspace, p)
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

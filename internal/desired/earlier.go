// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Earlier is an answer of Desire that serves the next calls: what is sized and rendered of a Workspace follows from the
// Workspace, its preset, the objects that it names and the Policy, so that equal ones have equal answers. Where it runs
// follows from all others too; Desire asks that again.
//
// It is read only, and safe for concurrent use.
type Earlier struct {
	set       *workspace.Set
	catalog   Catalog
	workloads []Workload                   // in the order of their keys
	presets   map[string][sha256.Size]byte // by name
	fleet     *fleet.Last
}

// NewEarlier returns an answer for a source, to be used with an equal Policy.
func NewEarlier(set *workspace.Set, catalog Catalog, d Desired) *Earlier {
	e := &Earlier{set, catalog, d.Workloads, map[string][sha256.Size]byte{}, d.fleet}
	digests := memo.NewSizes().Of()
	looked := map[string]bool{}
	for i := range d.Workloads {
		name := d.Workloads[i].Workspace.PresetName()
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

// same finds the Workloads of an Earlier that serve another source.
type same struct {
	*Earlier
	objects bool // both sources have equal objects
	catalog bool // both have one catalogue
	digests *memo.Catalogue
}

// of returns what serves the source of set, whose presets have these digests.
func (e *Earlier) of(set *workspace.Set, catalog Catalog, digests *memo.Catalogue) same {
	if e == nil {
		return same{}
	}
	return same{e, reflect.DeepEqual(e.set.Objects, set.Objects), sameCatalog(e.catalog, catalog), digests}
}

func sameCatalog(a, b Catalog) bool {
	return reflect.TypeOf(a).Comparable() && a == b
}

// workload returns that of an equal Workspace with an equal preset, or nil. near is a place where it may be.
func (s same) workload(near int, w *workspace.Workspace, p preset.Preset) *Workload {
	if s.Earlier == nil {
		return nil
	}
	was := s.find(near, w.Key)
	switch {
	case was == nil || len(was.Blocked) > 0 || len(was.Demand.Options) == 0 || p.Name == "":
		return nil
	case !s.objects && (w.Inference == nil || w.Inference.Config != ""): // one of them may be its own
		return nil
	case !workspace.Same(was.Workspace, w):
		return nil
	case s.catalog:
		return was
	}
	known, ok := s.presets[p.Name]
	if sum, err := s.digests.Digest(p); err != nil || !ok || sum != known {
		return nil
	}
	return was
}

// find returns the Workload of that key, or nil.
func (e *Earlier) find(near int, k workspace.Key) *Workload {
	if near < len(e.workloads) && e.workloads[near].Key == k {
		return &e.workloads[near]
	}
	i, ok := slices.BinarySearchFunc(e.workloads, k, func(w Workload, k workspace.Key) int { return w.Key.Compare(k) })
	if !ok {
		return nil
	}
	return &e.workloads[i]
}

// lastFleet is the last plan of the fleet, and then that of one call of Desire. A nil one keeps nothing: the plans of
// two commits differ in what they start from, and have no use for each other.
type lastFleet struct{ *fleet.Last }

func (e *Earlier) lastFleet(seen Observed) *lastFleet {
	switch {
	case !seen.Live:
		return nil
	case e == nil:
		return &lastFleet{}
	}
	return &lastFleet{e.fleet}
}

func (l *lastFleet) plan(in fleet.Input) (f fleet.Result) {
	if l == nil {
		return fleet.Plan(in)
	}
	f, l.Last = l.Last.Plan(in)
	return f
}

func (l *lastFleet) answer() *fleet.Last {
	if l == nil {
		return nil
	}
	return l.Last
}

// Repeater is a Renderer that knows what it has rendered.
type Repeater interface {
	// Again returns the Bundle for the inputs of an earlier one, unless the files of the catalogue have changed since.
	Again(earlier render.Bundle) (b render.Bundle, ok bool)
}

// again returns the Bundle of the earlier Workload, if w is placed alike and serves the same results of tunings.
func (w *Workload) again(r Renderer) (render.Bundle, bool) {
	repeater, ok := r.(Repeater)
	if !ok || w.earlier == nil || len(w.Blocked) > 0 || w.Waiting != "" {
		return render.Bundle{}, false
	}
	if !w.earlier.Placement.Equal(w.Placement) || !maps.Equal(w.earlier.adapters, w.adapters) {
		return render.Bundle{}, false
	}
	return repeater.Again(w.earlier.Bundle)
}

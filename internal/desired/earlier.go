// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"crypto/sha256"
	"reflect"

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
	workloads map[workspace.Key]*Workload
	presets   map[string][sha256.Size]byte // by name
}

// NewEarlier returns an answer for a source, to be used with an equal Policy.
func NewEarlier(set *workspace.Set, catalog Catalog, d Desired) *Earlier {
	e := &Earlier{set, make(map[workspace.Key]*Workload, len(d.Workloads)), map[string][sha256.Size]byte{}}
	digests := memo.NewSizes().Of()
	for i := range d.Workloads {
		w := &d.Workloads[i]
		if p, ok := catalog.Lookup(w.Workspace.PresetName()); ok && len(w.Blocked) == 0 && len(w.Demand.Options) > 0 {
			if sum, err := digests.Digest(p); err == nil {
				e.presets[p.Name], e.workloads[w.Key] = sum, w
			}
		}
	}
	return e
}

// same finds the Workloads of an Earlier that serve another source.
type same struct {
	*Earlier
	objects bool // both sources have equal objects
	digests *memo.Catalogue
}

// of returns what serves the source of set, whose presets have these digests.
func (e *Earlier) of(set *workspace.Set, digests *memo.Catalogue) same {
	if e == nil {
		return same{}
	}
	return same{e, reflect.DeepEqual(e.set.Objects, set.Objects), digests}
}

// workload returns that of an equal Workspace with an equal preset, or nil.
func (s same) workload(w *workspace.Workspace, p preset.Preset) *Workload {
	if s.Earlier == nil {
		return nil
	}
	was := s.workloads[w.Key]
	switch {
	case was == nil:
		return nil
	case !s.objects && (w.Inference == nil || w.Inference.Config != ""): // one of them may be its own
		return nil
	case !reflect.DeepEqual(was.Workspace, w):
		return nil
	}
	known, ok := s.presets[p.Name]
	if sum, err := s.digests.Digest(p); err != nil || !ok || sum != known {
		return nil
	}
	return was
}

// Repeater is a Renderer that knows what it has rendered.
type Repeater interface {
	// Again returns the Bundle for the inputs of an earlier one, unless the files of the catalogue have changed since.
	Again(earlier render.Bundle) (b render.Bundle, ok bool)
}

// again returns the Bundle of the earlier Workload, if w is placed alike.
func (w *Workload) again(r Renderer) (render.Bundle, bool) {
	repeater, ok := r.(Repeater)
	if !ok || w.earlier == nil || len(w.adapters) > 0 || len(w.Blocked) > 0 || w.Waiting != "" {
		return render.Bundle{}, false
	}
	if !reflect.DeepEqual(&w.earlier.Placement, &w.Placement) {
		return render.Bundle{}, false
	}
	return repeater.Again(w.earlier.Bundle)
}

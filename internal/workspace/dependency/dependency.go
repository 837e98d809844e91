// SPDX-License-Identifier: Apache-2.0

// Package dependency finds the Workspaces that others wait for: those that annotation syncer.dev/depends-on names, and
// tunings that push the image of an adapter. It checks that they exist, and that none waits for itself.
package dependency

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// field is where the annotation stands.
const field = "metadata.annotations." + workspace.AnnotationDependsOn

// most is how many Workspaces the annotation may name. It is ours, and far above what a Workspace needs.
const most = 32

// Dependency is a Workspace that another one waits for.
type Dependency struct {
	workspace.Key
	Field string // of the other one, in which it is named
	// Adapter is the image that the tuning pushes, and the other one serves; "" for one that the annotation names.
	Adapter string
}

// Named returns the Workspaces that the annotation names, in its order, and each text in it that is no name.
func Named(w *workspace.Workspace) (named []Dependency, invalid []string) {
	text := w.Annotations[workspace.AnnotationDependsOn]
	if text == "" {
		return nil, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		k := workspace.Key{Namespace: w.Namespace, Name: item}
		if ns, name, other := strings.Cut(item, "/"); other {
			k = workspace.Key{Namespace: ns, Name: name}
		}
		if k.Namespace == "" || k.Name == "" || strings.Contains(k.Name, "/") {
			invalid = append(invalid, item)
			continue
		}
		named = append(named, Dependency{Key: k, Field: field})
	}
	return named, invalid
}

// Index finds what Workspaces of a Set wait for.
type Index struct {
	set    *workspace.Set
	byKey  map[workspace.Key]*workspace.Workspace // nil until one is asked for
	pushes map[string][]workspace.Key             // the tunings that push an image
}

// In returns the Index of a Set, which must not change afterwards. Only one goroutine may use it.
func In(s *workspace.Set) *Index {
	d := &Index{set: s, pushes: map[string][]workspace.Key{}}
	for i := range s.Workspaces {
		w := &s.Workspaces[i]
		if w.Tuning != nil && w.Tuning.Output != nil && w.Tuning.Output.Image != "" {
			d.pushes[w.Tuning.Output.Image] = append(d.pushes[w.Tuning.Output.Image], w.Key)
		}
	}
	return d
}

// Find returns the Workspace of a key, or nil.
func (d *Index) Find(k workspace.Key) *workspace.Workspace {
	if d.byKey == nil {
		d.byKey = make(map[workspace.Key]*workspace.Workspace, len(d.set.Workspaces))
		for i := range d.set.Workspaces {
			d.byKey[d.set.Workspaces[i].Key] = &d.set.Workspaces[i]
		}
	}
	return d.byKey[k]
}

// Of returns what a Workspace waits for: what its annotation names, and the tunings that push the image of one of its
// adapters.
func (d *Index) Of(w *workspace.Workspace) []Dependency {
	out, _ := Named(w)
	if w.Inference == nil || len(d.pushes) == 0 {
		return out
	}
	for i, a := range w.Inference.Adapters {
		if a.Source == nil || a.Source.Image == "" {
			continue
		}
		for _, k := range d.pushes[a.Source.Image] {
			at := fmt.Sprintf("inference.adapters[%d].source.image", i)
			out = append(out, Dependency{Key: k, Field: at, Adapter: a.Source.Image})
		}
	}
	return out
}

// Pushers returns the tunings that push an image.
func (d *Index) Pushers(image string) []workspace.Key { return d.pushes[image] }

// Cycles returns for Workspaces that wait for themselves, over others, the whole way: each of a cycle has one. Of
// cycles that have Workspaces in common it finds one at least.
func (d *Index) Cycles() map[workspace.Key][]workspace.Key {
	const (
		open = 1 // on the way
		done = 2
	)
	out, state := map[workspace.Key][]workspace.Key{}, map[workspace.Key]int{}
	var way []workspace.Key
	var visit func(w *workspace.Workspace)
	visit = func(w *workspace.Workspace) {
		state[w.Key] = open
		way = append(way, w.Key)
		for _, dep := range d.Of(w) {
			switch next := d.Find(dep.Key); {
			case next == nil || state[dep.Key] == done:
			case state[dep.Key] == open:
				cycle := way[slices.Index(way, dep.Key):]
				for i, k := range cycle {
					if out[k] == nil {
						out[k] = slices.Concat(cycle[i:], cycle[:i], []workspace.Key{k})
					}
				}
			default:
				visit(next)
			}
		}
		way = way[:len(way)-1]
		state[w.Key] = done
	}
	var keys []workspace.Key
	for i := range d.set.Workspaces {
		w := &d.set.Workspaces[i]
		if w.Annotations[workspace.AnnotationDependsOn] != "" { // an adapter alone closes no cycle: a tuning has none
			keys = append(keys, w.Key)
		}
	}
	slices.SortFunc(keys, workspace.Key.Compare)
	for _, k := range keys {
		if state[k] == 0 {
			visit(d.Find(k))
		}
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"maps"
	"reflect"
	"runtime"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/digest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// source is a source with its desired state.
type source struct {
	input desired.Input
	side  plan.Side
}

// digestsOf are the digests of a source's Workspaces, as far as they are known.
type digestsOf struct {
	set     *workspace.Set
	catalog *preset.Catalog
	known   map[workspace.Key]string
	asked   []*desired.Workload // those that were asked for last
}

// in returns the digests that stay in another source: those of equal Workspaces, if the presets and all objects beside
// them are equal too. Nothing else decides a digest. It takes over the map, so that d counts no longer.
func (d digestsOf) in(other desired.Input) digestsOf {
	if d.set == nil || d.catalog != other.Catalog || !reflect.DeepEqual(d.set.Objects, other.Set.Objects) {
		return digestsOf{set: other.Set, catalog: other.Catalog, known: map[workspace.Key]string{}}
	}
	out := digestsOf{set: other.Set, catalog: other.Catalog, known: d.known}
	now := other.Set.Workspaces
	for i := range d.set.Workspaces { // both are in the order of their keys
		was := &d.set.Workspaces[i]
		for len(now) > 0 && now[0].Compare(was.Key) < 0 {
			now = now[1:]
		}
		if len(now) == 0 || !workspace.Same(was, &now[0]) {
			delete(out.known, was.Key)
		}
	}
	return out
}

// digests sets the digest of each Workspace that a plan between two sources changes, by a step of its own or by one of
// an object that its pods use: that of the head, and for one that goes that of the base.
func (e *Engine) digests(ctx context.Context, p *plan.Plan, base, head source) {
	changes := map[workspace.Key]bool{}
	for i := range p.Workspaces {
		if w := p.Workspaces[i]; w.Op != plan.NoOp || len(w.Uses) > 0 {
			changes[w.Key] = true
		}
	}
	before, after := byKey(base.side, changes), byKey(head.side, changes)
	var gone, changed []*desired.Workload
	for i := range p.Workspaces {
		switch w := p.Workspaces[i]; w.Op {
		case plan.NoOp:
			if len(w.Uses) > 0 {
				changed = append(changed, after[w.Key])
			}
		case plan.Hold:
		case plan.Delete:
			gone = append(gone, before[w.Key])
		default:
			changed = append(changed, after[w.Key])
		}
	}
	old, now := e.identify(ctx, base.input, gone), e.identify(ctx, head.input, changed)
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		if w.Digest = now[w.Key]; w.Op == plan.Delete {
			w.Digest = old[w.Key]
		}
	}
}

// identify returns the digests of Workspaces of a source. One whose digest cannot be computed has none, and counts as
// not reviewed.
func (e *Engine) identify(
	ctx context.Context, in desired.Input, workloads []*desired.Workload,
) map[workspace.Key]string {
	out := make(map[workspace.Key]string, len(workloads))
	if len(workloads) == 0 {
		return out
	}
	of := digest.Of(in, e.settings.Policy)
	digests := make([]string, len(workloads))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, w := range workloads {
		if w == nil {
			continue
		}
		g.Go(func() error {
			digests[i], _ = of.Workspace(ctx, w) // what is wrong with the Workspace, its Problems say
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	for i, w := range workloads {
		if w != nil {
			out[w.Key] = digests[i]
		}
	}
	return out
}

// identifyAll is identify for all Workspaces of a source that is compared again and again.
func (e *Engine) identifyAll(ctx context.Context, in desired.Input, d desired.Desired) map[workspace.Key]string {
	if e.known.set != in.Set {
		e.known = e.known.in(in)
	}
	var unknown []*desired.Workload
	for i, w := range d.Workloads {
		if i < len(e.known.asked) && e.known.asked[i] == w {
			continue
		}
		if len(w.Blocked) == 0 && e.known.known[w.Key] == "" {
			unknown = append(unknown, w)
		}
	}
	maps.Copy(e.known.known, e.identify(ctx, in, unknown))
	e.known.asked = d.Workloads
	return e.known.known
}

// byKey returns some of the Workloads of a side.
func byKey(s plan.Side, which map[workspace.Key]bool) map[workspace.Key]*desired.Workload {
	out := make(map[workspace.Key]*desired.Workload, len(which))
	for i := range s.Desired.Workloads {
		if w := s.Desired.Workloads[i]; which[w.Key] {
			out[w.Key] = w
		}
	}
	return out
}

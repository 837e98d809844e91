// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"context"
	"reflect"
	"runtime"
	"slices"

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
	of      []*desired.Workload // in the order of their keys
	known   []string            // of them; "" for those that are unknown
}

// unidentifiable stands for the digest of a Workspace that has none.
const unidentifiable = "none"

// in returns the digests that stay in another source: those of equal Workspaces, if the presets and all objects beside
// them are equal too. Nothing else decides a digest.
func (d digestsOf) in(other desired.Input, workloads []*desired.Workload) digestsOf {
	if d.set == other.Set && d.catalog == other.Catalog && slices.Equal(d.of, workloads) {
		return d
	}
	out := digestsOf{other.Set, other.Catalog, workloads, make([]string, len(workloads))}
	if d.set == nil || d.catalog != other.Catalog || !reflect.DeepEqual(d.set.Objects, other.Set.Objects) {
		return out
	}
	at := 0
	for i, w := range workloads {
		for at < len(d.of) && d.of[at] != w && d.of[at].Compare(w.Key) < 0 {
			at++
		}
		if at == len(d.of) {
			break
		}
		if d.of[at] == w || d.known[at] != unidentifiable && workspace.Same(d.of[at].Workspace, w.Workspace) {
			out.known[i] = d.known[at]
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
	var goneRows, changedRows []*plan.Workspace
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		w.Digest = ""
		switch {
		case w.Op == plan.Hold, w.Op == plan.NoOp && len(w.Uses) == 0:
		case w.Op == plan.Delete:
			gone, goneRows = append(gone, before[w.Key]), append(goneRows, w)
		default:
			changed, changedRows = append(changed, after[w.Key]), append(changedRows, w)
		}
	}
	for i, digest := range e.identify(ctx, base.input, gone) {
		goneRows[i].Digest = digest
	}
	for i, digest := range e.identify(ctx, head.input, changed) {
		changedRows[i].Digest = digest
	}
}

// identify returns the digests of Workspaces of a source, which may be nil. One whose digest cannot be computed has "",
// and counts as not reviewed.
func (e *Engine) identify(ctx context.Context, in desired.Input, workloads []*desired.Workload) []string {
	if len(workloads) == 0 {
		return nil
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
	return digests
}

// One plan identifies so many Workspaces of which nothing changes, or a part of them all if that is more. To identify
// one takes as long as to render it, so that after a start the first plan would take twice as long for what decides
// nothing in it: until it is its turn, what was carried out for such a Workspace is what its report says. Both are
// ours.
const (
	identifyAtOnce = 500
	identifyPart   = 10
)

// identifyAll is identify for all Workspaces of a source that is compared again and again: "" for one that is blocked,
// or left to the next calls. Those are some of the calm ones; it counts them.
func (e *Engine) identifyAll(
	ctx context.Context, in desired.Input, workloads []*desired.Workload, calm func(i int) bool,
) (known []string, waiting int) {
	e.known = e.known.in(in, workloads)
	var unknown []*desired.Workload
	var places []int
	late, most := 0, max(e.atOnce, len(workloads)/identifyPart)
	for i, w := range workloads {
		if e.known.known[i] != "" || len(w.Blocked) > 0 {
			continue
		}
		if calm(i) {
			if late == most {
				waiting++
				continue
			}
			late++
		}
		unknown, places = append(unknown, w), append(places, i)
	}
	for i, digest := range e.identify(ctx, in, unknown) {
		e.known.known[places[i]] = cmp.Or(digest, unidentifiable)
	}
	return e.known.known, waiting
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

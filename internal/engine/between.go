// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
)

// side is one side of a comparison: a source, and its desired state with outlines in the place of objects.
type side struct {
	plan.Side
	in desired.Input
}

// base is the side that Between compared with last. Many pull requests have one base.
type base struct {
	inputs string // "" for none
	side   side
}

// Between compares the desired states of two revisions, as if the first were live in full. It needs no cluster.
//
// It renders each Workspace once, whatever the revision, and has in full only the objects that differ. The work for the
// base is kept for the next call: with an equal base, only what the other revision changes is decoded and rendered.
func (e *Engine) Between(ctx context.Context, from, to Revision) (plan.Plan, error) {
	if e.base.inputs == "" || e.base.inputs != from.Inputs {
		before, err := e.side(ctx, from, nil)
		if err != nil {
			return plan.Plan{}, err
		}
		before.Side = before.Settled()
		e.base = base{from.Inputs, before}
	}
	before := e.base.side
	after, err := e.side(ctx, to, &before)
	if err != nil {
		return plan.Plan{}, err
	}
	differ := differing(before.Desired, after.Desired)
	for _, s := range []*side{&before, &after} {
		if s.Desired.Objects, err = s.Desired.Complete(
			ctx, s.Set, s.in.Catalog, s.in.Renderer, e.settings.Policy,
			func(w *desired.Workload) bool { return anyOf(w.Bundle.Objects, differ) },
		); err != nil {
			return plan.Plan{}, err
		}
	}
	return plan.Between(e.settings.Policy, from.Commit, to.Commit, before.Side, after.Side), nil
}

// side computes the desired state of a revision, as if the one before it had been carried out; nil for an empty
// cluster.
func (e *Engine) side(ctx context.Context, rev Revision, before *side) (side, error) {
	in, _, err := e.Load(rev)
	if err != nil {
		return side{}, err
	}
	seen := desired.Observed{Eventual: true}
	if before != nil {
		seen = plan.Eventually(before.Side)
		seen.Explain = true
	}
	nodes := in.Offline()
	seen.NodesKnown, seen.State.Nodes = nodes.NodesKnown, append(seen.State.Nodes, nodes.State.Nodes...)
	outliner := render.Outliner{Renderer: in.Renderer, Outlines: e.outlines}
	d, err := desired.Desire(ctx, in.Set, in.Catalog, outliner, e.settings.Policy, seen)
	d.Fleet.Bindings, d.Fleet.Verdicts = nil, nil // each Workload has its own
	return side{plan.Side{Set: in.Set, Desired: d}, in}, err
}

// differing returns the objects that are on one side alone, or may differ from those of the same name on the other.
func differing(a, b desired.Desired) map[*unstructured.Unstructured]bool {
	of := make(map[cluster.Ref]*unstructured.Unstructured, len(a.Objects))
	for _, o := range a.Objects {
		of[cluster.RefOf(o.Content)] = o.Content
	}
	out := map[*unstructured.Unstructured]bool{}
	for _, o := range b.Objects {
		ref := cluster.RefOf(o.Content)
		before, ok := of[ref]
		delete(of, ref)
		if before == o.Content {
			continue
		}
		out[o.Content] = true
		if ok {
			out[before] = true
		}
	}
	for _, o := range of {
		out[o] = true
	}
	return out
}

func anyOf(objects []*unstructured.Unstructured, of map[*unstructured.Unstructured]bool) bool {
	for _, o := range objects {
		if of[o] {
			return true
		}
	}
	return false
}

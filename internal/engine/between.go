// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/align"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
)

// Memory is what comparisons of commits have in common: sizes, the outlines of what was rendered, and the base that was
// compared with last, since many pull requests have one. Only one Engine at a time may use it.
type Memory struct {
	sizes    *memo.Sizes
	outlines *render.Outlines
	base     source
	inputs   string // of base; "" for none
	earlier  *desired.Earlier
	once     bool
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{sizes: memo.NewSizes(), outlines: render.NewOutlines()}
}

// Once returns a Memory for a single comparison: what only the next one would use is forgotten as soon as both sides
// are rendered.
func Once() *Memory {
	m := NewMemory()
	m.once = true
	return m
}

// done forgets what only the next comparison would use, if there is none.
func (m *Memory) done() {
	if m.once {
		*m = *Once()
	}
}

// Between compares the desired states of two revisions, as if the first were live in full. It needs no cluster; where
// Settings.Live has facts about one, or about Azure, they count.
//
// It renders each Workspace once for both revisions, and has in full only the objects that differ. With an equal
// base as in the last call, and no facts that change, only what the other revision changes is sized and rendered.
func (e *Engine) Between(ctx context.Context, base, head Revision) (plan.Plan, error) {
	m, live := e.settings.Memory, e.settings.Live.Cluster || e.settings.Live.Azure
	before, known := m.base, !live && m.inputs != "" && m.inputs == base.Inputs
	if !known {
		var err error
		if before, err = e.side(ctx, base, nil); err != nil {
			return plan.Plan{}, err
		}
		before.side = before.side.Settled(e.settings.Policy)
		if !live {
			m.base, m.inputs = before, base.Inputs
			m.earlier = desired.NewEarlier(before.side.Set, before.input.Catalog, desired.Observed{}, before.side.Desired)
		}
	}
	after, err := e.side(ctx, head, &before.side)
	if err != nil {
		return plan.Plan{}, err
	}
	if !known { // the base is new, and so is the memory that it takes
		before.side.Desired.Share(after.side.Desired)
	}
	m.done()
	differ := differing(before.side.Desired, after.side.Desired)
	for _, s := range []*source{&before, &after} {
		if s.side.Desired.Objects, err = s.side.Desired.Complete(
			ctx, s.side.Set, s.input.Catalog, s.input.Renderer, e.settings.Policy,
			func(w *desired.Workload) bool {
				return slices.ContainsFunc(w.Bundle.Objects, func(o *unstructured.Unstructured) bool { return differ[o] })
			},
		); err != nil {
			return plan.Plan{}, err
		}
	}
	p := plan.Between(e.settings.Policy, base.Commit, head.Commit, before.side, after.side)
	e.digests(ctx, &p, before, after)
	return p, e.judge(ctx, &p, before.side, after.side)
}

// side computes the desired state of a revision, as if the one before it had been carried out; nil for an empty
// cluster.
func (e *Engine) side(ctx context.Context, rev Revision, before *plan.Side) (source, error) {
	in, _, err := e.Load(rev)
	if err != nil {
		return source{}, err
	}
	seen := desired.Observed{Eventual: true}
	if before != nil {
		seen = plan.Eventually(*before)
		seen.Explain = true
	}
	if !e.settings.Live.Cluster {
		nodes := in.Offline()
		seen.NodesKnown, seen.State.Nodes = nodes.NodesKnown, append(seen.State.Nodes, nodes.State.Nodes...)
	}
	e.settings.Live.observe(&seen, before == nil)
	outliner := render.Outliner{Renderer: in.Renderer, Outlines: e.settings.Memory.outlines}
	policy := e.settings.Policy
	if live := e.settings.Live.Cluster || e.settings.Live.Azure; before != nil && !live {
		policy.Earlier = e.settings.Memory.earlier
	}
	desire := func(seen desired.Observed) (desired.Desired, error) {
		return desired.Desire(ctx, in.Set, in.Catalog, outliner, policy, seen)
	}
	d, err := desire(seen)
	if err == nil && before != nil && e.settings.Live.Azure {
		if more, short := relax(seen, d); short {
			d, err = desire(more)
		}
	}
	d.Fleet.Bindings, d.Fleet.Verdicts = nil, nil // each Workload has its own
	return source{in, plan.Side{Set: in.Set, Desired: d, AllowEmpty: rev.AllowEmpty, AllowDelete: rev.AllowDelete}}, err
}

// differing returns the objects that are on one side alone. Those of one name that may differ have two addresses.
func differing(a, b desired.Desired) map[*unstructured.Unstructured]bool {
	out := map[*unstructured.Unstructured]bool{}
	alone := func(o *unstructured.Unstructured) {
		if out[o] { // it is on the other side, at another place
			delete(out, o)
		} else {
			out[o] = true
		}
	}
	align.Objects(a.Objects, b.Objects, func(i, j int) {
		switch {
		case j < 0:
			alone(a.Objects[i].Content)
		case i < 0:
			alone(b.Objects[j].Content)
		}
	})
	return out
}

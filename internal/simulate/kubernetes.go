// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/simulate/apiserver"
)

// kubernetes is the API server as a process reaches it: a reconcile.Cluster.
type kubernetes struct{ p *process }

// Observe returns what the watches of the process show. A call that is stale does not bring them up to date, or takes
// them back: to a new list from a server that is behind.
func (k kubernetes) Observe(context.Context) (cluster.State, error) {
	p, s := k.p, k.p.w.server
	f := p.gate(call{kind: "observe"})
	if f.err != nil {
		return cluster.State{}, p.answer(f)
	}
	newest := s.Newest()
	p.freshState = true
	for kind := range apiserver.Kinds {
		switch at := p.watches[kind]; {
		case !f.stale || p.w.rng.IntN(2) == 0:
			p.watches[kind] = newest
		case !p.watching || p.w.rng.IntN(4) == 0:
			p.watches[kind] = max(newest-p.w.rng.IntN(apiserver.KeptVersions), 0)
			if at > p.watches[kind] {
				p.w.meet("a list that is older than what was seen")
			}
		}
		if p.watches[kind] < newest {
			p.freshState = false
			p.w.meet("a watch that lags")
		}
	}
	p.watching = true
	p.state = s.State(p.watches)
	p.contents = s.At(p.watches[apiserver.WatchObjects]).Contents
	p.versions.Set(&p.state, s.At(p.watches[apiserver.WatchObjects]).Contents)
	return p.state, p.answer(f)
}

// Preview asks about each object. The server answers from the present.
func (k kubernetes) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	p, s := k.p, k.p.w.server
	f := p.gate(call{kind: "preview"})
	if f.err != nil {
		return nil, p.answer(f)
	}
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		out[i] = s.Preview(o)
		p.previewed[out[i].Ref] = out[i].Err
	}
	return out, p.answer(f)
}

// Apply applies the objects stage by stage, and those of a stage in any order.
func (k kubernetes) Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	p := k.p
	var out cluster.ChangeSet
	left := map[cluster.Ref]*unstructured.Unstructured{}
	for _, o := range objects {
		left[cluster.RefOf(o)] = o
	}
	for stage := range cluster.Stages {
		these := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
			return cluster.Stage(o.GetKind()) != stage
		})
		p.w.rng.Shuffle(len(these), func(i, j int) { these[i], these[j] = these[j], these[i] })
		for _, o := range these {
			p.judgeShare(ctx, o.GetNamespace(), cluster.RefOf(o))
			e, err := k.apply(o)
			if err != nil {
				for _, o := range left {
					p.refused[apiserver.KeyOf(o).Name] = true
				}
				return out, err
			}
			delete(left, e.Ref)
			if e.Result == cluster.Failed {
				p.refused[apiserver.KeyOf(o).Name] = true
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// apply applies one object. To replace a Job is two side effects.
func (k kubernetes) apply(o *unstructured.Unstructured) (cluster.Entry, error) {
	p, s := k.p, k.p.w.server
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Unchanged}
	replace := s.Preview(o).Replace != ""
	kind := "apply"
	if replace {
		kind = "replace"
	}
	f := p.gate(call{kind: kind, target: e.Ref.String(), object: o})
	p.judgeApply(o)
	if apiserver.IsWorkload(e.Ref) {
		p.judgeTurn(o)
		p.judgeDependency(o)
	}
	if f.err != nil && !f.done {
		return failed(e, f, p.answer(f))
	}
	view := s.Preview(o) // the present: others may have come first
	switch {
	case view.Err != nil:
		e.Result, e.Err = cluster.Failed, view.Err
		return e, p.answer(fate{death: f.death})
	case view.After == nil:
	case view.Replace != "":
		s.Remove(e.Ref, 0)
		if err := p.answer(f); err != nil {
			return failed(e, f, err)
		}
		e.Result = cluster.Skipped
		if f = p.gate(call{kind: "apply", target: e.Ref.String(), object: o}); f.err != nil && !f.done {
			return failed(e, f, p.answer(f))
		}
		if s.Preview(o).Err == nil {
			s.Apply(o, p.w.git.SaysReady(apiserver.KeyOf(o)))
			e.Result = cluster.Replaced
		}
	default:
		e.Result = cluster.Configured
		if s.Objects[e.Ref] == nil {
			e.Result = cluster.Created
		}
		s.Apply(o, p.w.git.SaysReady(apiserver.KeyOf(o)))
	}
	if err := p.answer(f); err != nil {
		return failed(e, f, err)
	}
	return e, nil
}

// failed ends a write with an error that concerns the object alone, or all of them.
func failed(e cluster.Entry, f fate, err error) (cluster.Entry, error) {
	if f.refuse {
		e.Result, e.Err = cluster.Failed, err
		return e, nil
	}
	return cluster.Entry{}, err
}

// Prune deletes objects that are still the same and still ours, workloads first.
func (k kubernetes) Prune(ctx context.Context, objects []*cluster.Object) (cluster.ChangeSet, error) {
	p, s := k.p, k.p.w.server
	var out cluster.ChangeSet
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b *cluster.Object) int { return cluster.Stage(b.Kind) - cluster.Stage(a.Kind) })
	for _, o := range ordered {
		f := p.gate(call{kind: "prune", target: o.Ref.String()})
		p.judgePrune(o)
		p.judgeShare(ctx, o.Namespace, o.Ref)
		e := cluster.Entry{Ref: o.Ref, Result: cluster.Skipped}
		live := s.Objects[o.Ref]
		mine := live != nil && live.UID == o.UID && live.Owner == apiserver.Us && live.Labelled && !live.Kept &&
			apiserver.MayGo(live.Content)
		if f.err == nil || f.done {
			if mine && live.Ends == 0 {
				s.Remove(o.Ref, p.w.slowly())
				e.Result = cluster.Deleted
				p.w.meet("an object is pruned")
				if cluster.IsClaim(o.Ref) {
					p.w.meet("a volume claim goes as its annotation says")
				}
			} else {
				p.w.meet("a prune that comes too late")
			}
		}
		e, err := ended(e, f, p.answer(f))
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

func ended(e cluster.Entry, f fate, err error) (cluster.Entry, error) {
	if err != nil {
		return failed(e, f, err)
	}
	return e, nil
}

// slowly returns how many ticks a deletion takes.
func (w *World) slowly() int {
	if w.calm || w.rng.IntN(3) > 0 {
		return 0
	}
	return 1 + w.rng.IntN(4)
}

// look says that everything that Workspaces refer to is there, or that nothing is known.
func (p *process) look(_ context.Context, refs []cluster.Ref, _ time.Time) (map[cluster.Ref]cluster.Reference, error) {
	f := p.gate(call{kind: "look"})
	out := map[cluster.Ref]cluster.Reference{}
	for _, ref := range refs {
		out[ref] = cluster.Reference{Presence: cluster.Present}
		if f.err != nil {
			out[ref] = cluster.Reference{Presence: cluster.Unknown, Why: f.err.Error(), Passing: true}
		}
	}
	_ = p.answer(f)
	return out, nil
}

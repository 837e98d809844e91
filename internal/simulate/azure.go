// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"errors"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// azure is Azure as a process reaches it: a capacity.Cloud.
type azure struct{ p *process }

// Pools lists the pools. A stale call returns the list of the call before.
func (a azure) Pools(ctx context.Context) ([]capacity.LivePool, error) {
	p := a.p
	p.listed = false
	f := p.gate(call{kind: "list pools"})
	if f.err != nil {
		return nil, p.answer(f)
	}
	if f.stale && p.pools != nil {
		p.w.meet("a list of pools that is old")
		p.freshPools = false
	} else {
		pools, err := p.w.cloud.Pools(ctx)
		if err != nil {
			return nil, err
		}
		for i := range pools { // the time of a write is that of the clock of the writer
			pools[i].Changed = pools[i].Changed.Add(p.w.skews[pools[i].Name])
		}
		p.pools, p.freshPools = pools, true
		clear(p.started)
	}
	p.listed = true
	return slices.Clone(p.pools), p.answer(f)
}

// Quota reads the quota.
func (a azure) Quota(ctx context.Context) (capacity.Quota, error) {
	f := a.p.gate(call{kind: "quota"})
	if f.err != nil {
		return capacity.Quota{}, a.p.answer(f)
	}
	a.p.quotaAt = time.Now()
	q, err := a.p.w.cloud.Quota(ctx)
	if answer := a.p.answer(f); answer != nil {
		err = answer
	}
	return q, err
}

// Ensure creates or changes a pool.
func (a azure) Ensure(ctx context.Context, c capacity.PoolChange) error {
	return a.write(ctx, string(c.Op)+" pool", c, a.p.w.cloud.Ensure)
}

// Delete deletes a pool.
func (a azure) Delete(ctx context.Context, c capacity.PoolChange) error {
	return a.write(ctx, "delete pool", c, a.p.w.cloud.Delete)
}

// Abort ends the operation in flight.
func (a azure) Abort(ctx context.Context, c capacity.PoolChange) error {
	return a.write(ctx, "abort", c, a.p.w.cloud.Abort)
}

// write carries out a change of a pool.
func (a azure) write(
	ctx context.Context,
	kind string,
	c capacity.PoolChange,
	do func(context.Context, capacity.PoolChange) error,
) error {
	p, w := a.p, a.p.w
	f := p.gate(call{kind: kind, target: c.Name, change: &c})
	p.judgePool(kind, c)
	if !p.share.Fleet() {
		w.violated("%s %s, and the process has %s", kind, c.Name, p.share)
	}
	if f.err != nil && !f.done {
		return p.answer(f)
	}
	was := w.cloud.Find(c.Name)
	err := do(ctx, c)
	if err != nil {
		w.trace.Note("(%v)", err)
		if errors.Is(err, capacity.ErrNotOwned) {
			w.meet("a pool that was ours and is of another owner")
		}
		if was != nil && c.Live != nil && was.ETag != c.Live.ETag {
			w.meet("an ETag that is old")
		}
		return firstOf(p.answer(fate{death: f.death}), err)
	}
	if kind == "abort" && was != nil && !was.State.Busy() {
		return p.answer(f) // it has ended already: there is nothing to abort
	}
	if was != nil && c.Live != nil && was.ETag != c.Live.ETag {
		w.violated("%s %s is accepted with the ETag %s, and the pool has %s", kind, c.Name, c.Live.ETag, was.ETag)
	}
	w.skews[c.Name] = p.skew
	w.meet(kind)
	w.server.Touch()
	if err := p.answer(f); err != nil {
		return err
	}
	p.started[c.Name] = p.began
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// onNode lists the pods on a node as the process saw it.
func (p *process) onNode(name string) []string {
	for _, n := range p.state.Nodes {
		if n.Name == name {
			return n.Pods
		}
	}
	return nil
}

// nodesOf lists the nodes of a pool as the process saw them.
func (p *process) nodesOf(pool string) []string {
	var out []string
	for _, n := range p.state.Nodes {
		if n.Pool == pool {
			out = append(out, n.Name)
		}
	}
	return out
}

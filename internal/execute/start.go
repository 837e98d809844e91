package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// recordPatience is how long a lost pool is kept for what it taught to be recorded. A status branch that cannot be written must
// not keep a Workspace from getting another size.
const recordPatience = 2 * time.Minute

// needed reports whether a pool is the only witness of what was learned from it: once it is deleted, a restart would know nothing
// and try the same again.
func (e *Executor) needed(c capacity.PoolChange, now time.Time) bool {
	ends := c.Op == capacity.Delete || c.Desired != nil && c.Desired.Count == 0
	return ends && c.Live != nil && e.lost[c.Name] && !explains(e.recorded, c.Live, now) && now.Sub(e.late[c.Name].lostSince) < recordPatience
}

// Ensure starts creating and changing pools, as many as may be in flight at once.
func (e *Executor) Ensure(ctx context.Context, changes []capacity.PoolChange, now time.Time) []Result {
	e.abort(ctx, now)
	return e.start(ctx, changes, now, e.cloud.Ensure, capacity.Create, capacity.Update)
}

// Release starts deleting pools; deletions are in flight among the others.
func (e *Executor) Release(ctx context.Context, changes []capacity.PoolChange, now time.Time) []Result {
	return e.start(ctx, changes, now, e.cloud.Delete, capacity.Delete)
}

func (e *Executor) start(ctx context.Context, changes []capacity.PoolChange, now time.Time, do func(context.Context, capacity.PoolChange) error, ops ...capacity.Op) []Result {
	var out []Result
	for _, c := range changes {
		if !slices.Contains(ops, c.Op) {
			continue
		}
		r := Result{Change: c}
		switch err := e.backoff.blocked(c, now); {
		case err != nil:
			r.Err = err
		case e.needed(c, now):
		case e.busy < e.limiter.limit:
			r.Err = do(ctx, c)
			r.Started, r.New = r.Err == nil, r.Err != nil
			e.started(c, r.Err, now)
		}
		out = append(out, r)
	}
	return out
}

// started takes note of how Azure took a change.
func (e *Executor) started(c capacity.PoolChange, err error, now time.Time) {
	if errors.Is(err, context.Canceled) {
		return
	}
	grown := growth(c)
	if err == nil {
		e.busy++
		f := flight{grows: grown > 0}
		if c.Live != nil {
			f.etag = c.Live.ETag
		}
		e.flights[c.Name] = f
		e.backoff.accepted(c.Name)
		if c.Desired != nil && grown > 0 {
			e.quota.reserve(c.Desired.SKU, c.Desired.Spot, grown*c.Desired.SKU.VCPUs)
		}
		return
	}
	e.backoff.failed(c, err, now)
	var t *capacity.CloudError
	if !errors.As(err, &t) {
		return
	}
	if t.Class.Contended() {
		e.limiter.contended()
	}
	if t.Class == capacity.ClassQuota {
		e.quota.doubt(now)
	}
	if c.Desired != nil {
		a := capacity.Attempt{SKU: c.Desired.SKU, Spot: c.Desired.Spot, Zones: c.Desired.Zones}
		if !c.Desired.ManagedDisk {
			a.Constraints = []capacity.Constraint{capacity.EphemeralDisk}
		}
		e.known = e.known.Learn(t, a, now, e.settings.Cluster)
	}
}

// growth is how many nodes a change asks for in addition.
func growth(c capacity.PoolChange) int {
	switch {
	case c.Desired == nil:
		return 0
	case c.Live == nil:
		return c.Desired.Count
	}
	return max(c.Desired.Count-c.Live.Count, 0)
}

// abort gives up, once each, the operations that do not end.
func (e *Executor) abort(ctx context.Context, now time.Time) {
	for name, p := range e.live {
		if !e.late.toAbort(&p, now) {
			continue
		}
		if explains(e.known, &p, now) && !explains(e.recorded, &p, now) && now.Sub(e.late[name].noticed) < recordPatience {
			continue // once it is given up, a restart could not tell why
		}
		if err := e.cloud.Abort(ctx, capacity.PoolChange{Name: name, Live: &p}); err == nil {
			e.late.aborted(name)
			e.backoff.failed(capacity.PoolChange{Name: name}, e.trouble[name], now)
		}
	}
}

// Package execute carries out changes to agent pools: how many at once, when again after trouble, and what trouble teaches.
//
// A plan says what should change; this package says what may be started now. It sees what a LIST told, starts operations and
// returns, and keeps in memory only what makes it gentler: everything that it must know after a restart is on the pools, in
// their state and tags, or in Unavailable, which its user records.
package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Settings are how an Executor behaves.
type Settings struct {
	Cluster string // decides about jitter, so that two syncers do not act in step
	// GPUDeadline is when a pool that was made, but whose GPUs have not appeared, counts as failed; 0 is DefaultGPUDeadline.
	GPUDeadline time.Duration
}

// Executor carries out changes to the pools of one cluster. Only one goroutine may use it.
type Executor struct {
	cloud    capacity.Cloud
	settings Settings

	limiter  limiter
	backoff  backoff
	late     late
	quota    quota
	known    capacity.Unavailable
	recorded capacity.Unavailable // that part of known which a restart will know too

	busy    int               // operations in flight in the cluster, whoever started them
	flights map[string]flight // those that we started and have not seen end
	live    map[string]capacity.LivePool
	lost    map[string]bool
	trouble map[string]error
}

// flight is an operation that we started.
type flight struct {
	grows bool // it asks for more nodes
	etag  string
	ended bool // well; its nodes have yet to come
}

// Result is how one change went.
type Result struct {
	Change  capacity.PoolChange
	Started bool  // Azure has accepted it
	Err     error // why not; nil also when it has to wait for others
	New     bool  // Err is from now, not remembered
}

// New returns an Executor that has not seen anything yet.
func New(cloud capacity.Cloud, s Settings) *Executor {
	if s.GPUDeadline == 0 {
		s.GPUDeadline = DefaultGPUDeadline
	}
	return &Executor{cloud: cloud, settings: s, limiter: newLimiter(), backoff: backoff{}, late: late{}, flights: map[string]flight{}}
}

// Remember takes in what was recorded before this process began: what cannot be had, and for pools when their nodes were last
// known to be complete.
func (e *Executor) Remember(u capacity.Unavailable, complete map[string]time.Time) {
	e.recorded = u
	e.known = capacity.UnavailableOf(slices.Concat(u.Blocks, e.known.Blocks))
	for name, at := range complete {
		s := e.late[name]
		s.complete = at
		e.late[name] = s
	}
}

// Recorded takes note that what Unavailable returned is recorded.
func (e *Executor) Recorded() { e.recorded = e.known }

// Unavailable is what is known not to be had.
func (e *Executor) Unavailable() capacity.Unavailable { return e.known }

// Lost names the pools that have no node and, as things are, will get none: their size is not to be had.
func (e *Executor) Lost() map[string]bool { return e.lost }

// Broken names the pools whose GPUs have not appeared in time.
func (e *Executor) Broken() map[string]bool {
	out := map[string]bool{}
	for name, err := range e.trouble {
		var t *capacity.CloudError
		if errors.As(err, &t) && t.Class == capacity.ClassNoGPUs {
			out[name] = true
		}
	}
	return out
}

// Trouble is what is wrong with a pool, or nil: something is late; or, where a change is still due, Azure refused it for a cause
// that does not pass by itself.
func (e *Executor) Trouble(pool string, due bool) error {
	if err := e.trouble[pool]; err != nil || !due {
		return err
	}
	var t *capacity.CloudError
	if err := e.backoff[pool].err; errors.As(err, &t) {
		switch t.Class.Action() {
		case capacity.ActBlock, capacity.ActRelax, capacity.ActSurface:
			return err
		}
	}
	return nil
}

// See takes in what was listed. ready counts the nodes of each pool that are ready and have GPUs; nil when that is not known.
func (e *Executor) See(pools []capacity.LivePool, ready map[string]int, now time.Time) {
	e.busy, e.live, e.lost, e.trouble = 0, map[string]capacity.LivePool{}, map[string]bool{}, map[string]error{}
	e.known = e.known.Expired(now)
	for i := range pools {
		p := &pools[i]
		e.live[p.Name] = *p
		if p.State.Busy() {
			e.busy++
		}
		if !p.Owned || p.System {
			continue
		}
		e.backoff.seen(p, now)
		trouble := e.late.see(p, ready, e.settings.GPUDeadline, now)
		if trouble != nil {
			e.trouble[p.Name] = trouble
		}
		e.learn(p, trouble, now)
		e.lost[p.Name] = e.isLost(p, trouble, ready, now)
		e.late.lost(p.Name, e.lost[p.Name], now)
	}
	e.landed(ready)
	e.late.forget(e.live)
}

// learn takes note of what an operation's end, or the lack of one, teaches. It dates from the write that started it, so that a
// restart learns the same again, and nothing new.
func (e *Executor) learn(p *capacity.LivePool, late *capacity.CloudError, now time.Time) {
	t := late
	at := p.Changed
	switch {
	case late != nil && late.Class == capacity.ClassStuck && p.State != capacity.Creating && p.State != capacity.Scaling:
		return // it asks for no nodes
	case late != nil:
		if since := e.late[p.Name].due; !since.IsZero() {
			at = since
		}
	case p.State == capacity.Failed:
		t = &capacity.CloudError{Class: capacity.Classify(p.ErrorCode, p.Error), Code: p.ErrorCode, Message: p.Error}
	default:
		return
	}
	if at.IsZero() || at.After(now) {
		at = e.late[p.Name].since
	}
	e.known = e.known.Learn(t, attemptOf(p), at, e.settings.Cluster).Expired(now)
}

func attemptOf(p *capacity.LivePool) capacity.Attempt {
	sku, ok := capacity.LookupSKU(p.Size)
	if !ok {
		sku = capacity.SKU{Name: p.Size}
	}
	a := capacity.Attempt{SKU: sku, Spot: p.Spot}
	if !p.ManagedDisk {
		a.Constraints = []capacity.Constraint{capacity.EphemeralDisk}
	}
	return a
}

func (e *Executor) isLost(p *capacity.LivePool, late *capacity.CloudError, ready map[string]int, now time.Time) bool {
	ended := p.State == capacity.Failed || p.State == capacity.Canceled || late != nil && late.Class == capacity.ClassNoGPUs
	if !ended || ready == nil || ready[p.Name] > 0 {
		return false
	}
	return explains(e.known, p, now)
}

// explains reports whether what is known says that the pool will get no nodes.
func explains(u capacity.Unavailable, p *capacity.LivePool, now time.Time) bool {
	a := attemptOf(p)
	_, _, blocked := u.Blocked(a.SKU, a.Spot, now)
	giveUp := slices.Contains(u.Dropped(a.SKU, a.Spot, now), capacity.EphemeralDisk) && !p.ManagedDisk
	return blocked || giveUp
}

// recordPatience is how long a lost pool is kept for what it taught to be recorded. A status branch that cannot be written must
// not keep a Workspace from getting another size.
const recordPatience = 2 * time.Minute

// needed reports whether a pool is the only witness of what was learned from it: once it is deleted, a restart would know nothing
// and try the same again.
func (e *Executor) needed(c capacity.PoolChange, now time.Time) bool {
	return c.Live != nil && e.lost[c.Name] && !explains(e.recorded, c.Live, now) && now.Sub(e.late[c.Name].lostSince) < recordPatience
}

// landed takes note of the operations of ours that have ended.
func (e *Executor) landed(ready map[string]int) {
	for name, f := range e.flights {
		p, there := e.live[name]
		if there && (p.State.Busy() || p.ETag == f.etag) { // the list may be older than the operation
			continue
		}
		if ok := !there || p.State == capacity.Succeeded; ok && !f.ended {
			e.limiter.clean()
			f.ended = true
		} else if !ok && capacity.Classify(p.ErrorCode, p.Error).Contended() {
			e.limiter.contended()
		}
		if f.grows && there && p.State == capacity.Succeeded {
			if ready[name] < p.Count {
				e.flights[name] = f
				continue
			}
			a := attemptOf(&p)
			e.known = e.known.Worked(a.SKU, a.Spot)
		}
		delete(e.flights, name)
	}
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
		case c.Op == capacity.Delete && e.needed(c, now):
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
		a := capacity.Attempt{SKU: c.Desired.SKU, Spot: c.Desired.Spot}
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

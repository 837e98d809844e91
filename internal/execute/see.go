package execute

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

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
	a := capacity.Attempt{SKU: sku, Spot: p.Spot, Zones: p.Zones}
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

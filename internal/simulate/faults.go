// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/simulate/apiserver"
)

// The errors of the models, as the adapters return them.
var (
	errDown     = errors.New("connection refused")
	errLost     = errors.New("context deadline exceeded while the answer was awaited")
	errBusy     = errors.New("the server has asked for the client to try again later: 429 and Retry-After")
	errConflict = errors.New("the object has been modified: 409")
	errInvalid  = errors.New(`admission webhook "policy.example.com" denied the request: 422`)
	errFull     = errors.New("push: no space left on device")
	errGateway  = errors.New("503 Service Unavailable")
)

// failures are the answers of Azure.
var failures = []*capacity.CloudError{
	reconciletest.NoCapacity,
	{Class: capacity.ClassThrottled, Code: "Throttled", Message: "slow down", RetryAfter: 3 * time.Minute},
	{Class: capacity.ClassTransient, Code: "InternalServerError", Message: "try again"},
	reconciletest.NoQuota,
}

// passing are those that say nothing about a size.
var passing = failures[1:3]

// lost is the answer of Azure that did not come.
var lost = &capacity.CloudError{Class: capacity.ClassTransient, Code: "RequestTimeout", Message: "no answer came"}

// outages are what is unreachable for some time.
type outages struct {
	git, record, server, cloud error
	refused                    map[string]error // by name of the Workspace: a webhook refuses its objects
}

// The kinds of calls.
var (
	reads  = []string{"fetch", "read status", "open status", "list pools", "quota", "look", "observe", "preview"}
	writes = []string{"record", "apply", "prune"}
	pools  = []string{"create pool", "update pool", "delete pool"}
)

// down returns the error of a call to something that is unreachable for some time.
func (o outages) down(kind string) error {
	switch kind {
	case "fetch", "read status", "open status", "trailers":
		return o.git
	case "record":
		return firstOf(o.record, o.git)
	case "observe", "preview", "apply", "replace", "prune", "look":
		return o.server
	}
	return o.cloud
}

// decide chooses what happens to a call.
func (w *World) decide(c *call) fate {
	if w.calm {
		return fate{}
	}
	p := w.profile
	if c.change != nil || c.kind == "record" || c.kind == "prune" { // of these there are few
		p.kill, p.fail, p.lose = 4*p.kill, 4*p.fail, 4*p.lose
	}
	f := fate{stale: w.chance(p.lag)}
	if err := w.outages.down(c.kind); err != nil {
		f.err = err
		return f
	}
	switch {
	case w.chance(p.kill):
		f.death = []death{before, after}[w.rng.IntN(2)]
		w.meet(c.kind + " " + string(f.death))
	case w.chance(p.fail):
		w.meet(c.kind + " fails")
		f.err, f.refuse = w.failure(c)
	case w.chance(p.lose):
		if slices.Contains(reads, c.kind) {
			break
		}
		w.meet(c.kind + " is done and its answer is lost")
		f.err, f.done = errLost, true
		if c.change != nil {
			f.err = lost
		}
	case c.change != nil && w.chance(p.fail):
		w.cloud.Once = append(w.cloud.Once, w.late())
	}
	if c.object != nil && w.outages.refused[apiserver.KeyOf(c.object).Name] != nil {
		f.err, f.refuse, f.done = errInvalid, true, false
	}
	return f
}

// late is what happens to a write that Azure accepts: it fails later, or never ends.
func (w *World) late() *capacitytest.Fault {
	if w.rng.IntN(2) == 0 {
		w.meet("an operation that does not end")
		return &capacitytest.Fault{Stuck: true}
	}
	w.meet("an operation that fails late")
	if w.profile.pinned {
		return &capacitytest.Fault{Late: passing[w.rng.IntN(len(passing))]}
	}
	return &capacitytest.Fault{Late: failures[w.rng.IntN(len(failures))]}
}

// failure returns the error of a call that has no effect, and whether it concerns one object only.
func (w *World) failure(c *call) (err error, one bool) {
	pick := func(of ...error) error { return of[w.rng.IntN(len(of))] }
	switch c.kind {
	case "apply", "replace", "prune":
		if w.rng.IntN(2) == 0 {
			return pick(errConflict, errInvalid), true
		}
		return pick(errBusy, errGateway, errLost), false
	case "record":
		return pick(errFull, errDown, errLost), false
	case "quota":
		return pick(errDown, capacity.ErrQuotaLater), false
	case "list pools":
		return pick(errDown, failures[1]), false
	}
	if c.change != nil {
		if w.profile.pinned {
			return passing[w.rng.IntN(len(passing))], false
		}
		return failures[w.rng.IntN(len(failures))], false
	}
	return pick(errDown, errGateway, errLost), false
}

// String describes a fate for the trace.
func (f fate) String() string {
	switch {
	case f.death != survives:
		return string(f.death)
	case f.err != nil && f.done:
		return "done, and the answer is lost"
	case f.err != nil:
		return fmt.Sprintf("fails: %.60s", f.err)
	case f.stale:
		return "stale"
	}
	return ""
}

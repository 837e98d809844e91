// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/reconcile"
)

// step lets exactly one thing happen: a call of a process, an event, or time that goes by.
func (w *World) step() {
	for len(w.processes) < w.profile.processes {
		w.begin()
	}
	const calls = 60
	switch n := w.rng.IntN(calls + w.profile.event + w.profile.tick); {
	case n < calls:
		w.run(w.processes[w.rng.IntN(len(w.processes))])
	case n < calls+w.profile.event:
		w.trace.Step("-", "event", "")
		what := w.event()
		w.server.Touch()
		w.trace.Note("%s", what)
	default:
		d := time.Duration(1+w.rng.IntN(60)) * time.Second
		if w.rng.IntN(12) == 0 {
			d *= 10
		}
		w.trace.Step("-", "tick", d.String())
		w.pause(d)
	}
}

// begin starts a process, as after a kill.
func (w *World) begin() {
	skew := time.Duration(0)
	if w.profile.skew && !w.calm {
		skew = time.Duration(w.rng.IntN(240)-120) * time.Minute
		w.meet("clocks that differ")
	}
	w.next++
	p := w.start(fmt.Sprintf("p%d", w.next), skew)
	w.trace.Step(p.name, "starts", "clock "+skew.String())
	if len(w.processes) > 1 {
		w.meet("two processes at once")
	}
}

// run lets a process begin a pass, or go on with one by one call.
func (w *World) run(p *process) {
	if p.waits == nil {
		due := reconcile.Due{Source: true, Cloud: true, Everything: p.thorough}
		if !w.calm {
			due.Source, due.Cloud = w.rng.IntN(3) > 0, w.rng.IntN(3) > 0
			due.Everything = w.rng.IntN(20) == 0
		}
		p.pass(due)
		return
	}
	c := p.waits
	f := w.decide(c)
	w.trace.Step(p.name, c.String(), f.String())
	p.admit(f)
	if f.death != survives {
		w.end(p)
	}
}

// pause lets time go by: nodes join, pods start, controllers act.
func (w *World) pause(d time.Duration) {
	time.Sleep(d)
	w.cloud.Nodes.Step()
	w.server.Tick()
}

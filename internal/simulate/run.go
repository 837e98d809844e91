// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"syncer.dev/syncer/internal/render"
)

// Result is what came of one seed.
type Result struct {
	Seed       uint64
	Steps      int
	Profile    string
	Met        map[string]int // how often each fault was met
	Violations []string       // of what must hold; empty if all of it does
	Last       []string       // the last lines of the trace
	Digest     string         // of the whole trace
	World      string         // what was there in the end
}

// Run plays one seed: steps of faults, and then the way to rest. It runs in a bubble of testing/synctest. The cache
// of rendered objects may be shared by all runs, since what is rendered does not depend on what happens.
func Run(seed uint64, steps int, cache *render.Cache) Result {
	return newWorld(seed, cache).play(seed, steps)
}

// RunDivided plays one seed with two processes that divide the namespaces, as Run does otherwise.
func RunDivided(seed uint64, steps int, cache *render.Cache) Result {
	w := newWorld(seed, cache)
	w.profile.divided, w.profile.processes = true, shards
	return w.play(seed, steps)
}

func (w *World) play(seed uint64, steps int) Result {
	w.trace.Note("seed %d: %s", seed, w.profile)
	for w.trace.Steps < steps && len(w.violations) == 0 {
		w.step()
	}
	if len(w.violations) == 0 {
		if last := w.settle(); len(w.violations) == 0 {
			w.rest(last)
		}
		if w.profile.pinned && len(w.violations) == 0 {
			w.compare(w.state(), w.straight(seed))
		}
	}
	result := Result{
		Seed:       seed,
		Steps:      w.trace.Steps,
		Profile:    w.profile.String(),
		Met:        w.met,
		Violations: w.violations,
		Last:       w.trace.Last(),
		Digest:     w.trace.Digest(),
	}
	if len(w.violations) > 0 {
		result.World = w.String()
	}
	for len(w.processes) > 0 { // no goroutine outlives the run
		w.end(w.processes[0])
	}
	return result
}

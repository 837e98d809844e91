// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/simulate"
)

var (
	steps = flag.Int("steps", 20_000/slowdown, "side effects, events and ticks, over all seeds of TestSimulation")
	seed  = flag.Uint64("seed", 0, "the first seed; with -seeds=1 the only one")
	seeds = flag.Int("seeds", 0, "how many seeds; 0: as many as the steps need")
)

// mostFailures end a run.
const mostFailures = 5

// perSeed is how many steps of faults a seed has, before the way to rest.
const perSeed = 600

// world is a kind of world that seeds are played in.
type world struct {
	name string // of its test, without Test: WORLDS of make simulate
	kept []kept // see kept_test.go
	run  func(seed uint64, steps int, cache *render.Cache) simulate.Result
}

var (
	whole   = world{"Simulation", keptWhole, simulate.Run}
	divided = world{"Divided", keptDivided, simulate.RunDivided}
)

// play runs one seed in a bubble of its own.
func (w world) play(t *testing.T, seed uint64, cache *render.Cache) (out simulate.Result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { out = w.run(seed, perSeed, cache) })
	return out
}

// replay is the command that plays a seed of this kind of world again.
func (w world) replay(seed uint64) string {
	return fmt.Sprintf("make simulate WORLDS=%s SEED=%d SEEDS=1", w.name, seed)
}

// fails shows what is needed to understand a failure, and to play it again.
func (w world) fails(t *testing.T, r simulate.Result) {
	t.Helper()
	t.Errorf("seed %d (%s) fails: %s\n%s\n%s\nplay it again with: %s",
		r.Seed, r.Profile, strings.Join(r.Violations, "\n"), strings.Join(r.Last, "\n"), r.World, w.replay(r.Seed))
}

// playAll plays the seeds that are kept, unless some are asked for by their number, and then seed after seed until the
// steps are done, and at least some seeds. It returns the number of steps and what they met; nil if a seed has failed.
func (w world) playAll(t *testing.T, steps, least int) (done int, met map[string]int) {
	t.Helper()
	cache, failed, next := render.NewCache(), 0, *seed
	met = map[string]int{}
	one := func(seed uint64) {
		r := w.play(t, seed, cache)
		done += r.Steps
		for name, n := range r.Met {
			met[name] += n
		}
		if len(r.Violations) > 0 {
			failed++
			w.fails(t, r)
		}
	}
	if *seeds == 0 {
		for _, k := range w.kept {
			one(k.seed)
		}
	}
	more := func(n int) bool {
		if *seeds > 0 && n >= *seeds {
			return false
		}
		return done < steps || n < least
	}
	for n := 0; more(n) && failed < mostFailures; n++ {
		one(next)
		next++
	}
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(met)) {
		fmt.Fprintf(&table, "%8d  %s\n", met[name], name)
	}
	t.Logf("%d steps, kept seeds and %d to %d, %d failed; met:\n%s", done, *seed, next-1, failed, table.String())
	if failed > 0 {
		return done, nil
	}
	return done, met
}

// proves fails the test for each name that was not met: a fault that never happened proves nothing.
func proves(t *testing.T, met map[string]int, names []string) {
	t.Helper()
	for _, name := range names {
		if met[name] == 0 {
			t.Errorf("never met: %s", name)
		}
	}
}

// TestSimulation plays the world of processes that each have all of the cluster.
func TestSimulation(t *testing.T) {
	if done, met := whole.playAll(t, *steps, 1); met != nil {
		proves(t, met, wanted(done))
	}
}

// TestDivided plays the world of two processes that divide the namespaces, for half of the steps, on top of those
// of TestSimulation. Its few seeds of a short run, as with the race detector, meet what is its own all the same.
func TestDivided(t *testing.T) {
	if done, met := divided.playAll(t, *steps/2, leastDivided); met != nil && *seeds == 0 {
		proves(t, met, wanted(done))
		proves(t, met, simulate.Shared())
	}
}

// leastDivided is how many seeds TestDivided plays at least: so many meet all of simulate.Shared, in any order.
const leastDivided = 4

// wanted lists what a number of steps has to meet; a few steps are too few for anything.
func wanted(steps int) []string {
	switch {
	case steps >= 500_000:
		return simulate.Faults()
	case steps >= 20_000:
		return simulate.Often()
	}
	return nil
}

// TestSeedDecides plays seeds twice: a seed has one trace, in each kind of world.
func TestSeedDecides(t *testing.T) {
	for seed := range uint64(6/slowdown + 1) {
		for _, w := range []world{whole, divided} {
			first, second := w.play(t, seed, render.NewCache()), w.play(t, seed, render.NewCache())
			if first.Digest != second.Digest {
				t.Errorf("seed %d in %s: two traces\n%s\n\n%s", seed, w.name,
					strings.Join(first.Last, "\n"), strings.Join(second.Last, "\n"))
			}
		}
	}
}

// TestReplay: the command that a failure prints plays the kind of world that has failed.
func TestReplay(t *testing.T) {
	for w, want := range map[string]string{
		whole.replay(7):   "make simulate WORLDS=Simulation SEED=7 SEEDS=1",
		divided.replay(7): "make simulate WORLDS=Divided SEED=7 SEEDS=1",
	} {
		if w != want {
			t.Errorf("%s, want %s", w, want)
		}
	}
}

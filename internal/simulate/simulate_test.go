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
	steps = flag.Int("steps", 20_000/slowdown, "side effects, events and ticks, over all seeds")
	seed  = flag.Uint64("seed", 0, "the first seed; with -seeds=1 the only one")
	seeds = flag.Int("seeds", 0, "how many seeds; 0: as many as the steps need")
)

// mostFailures end a run.
const mostFailures = 5

// perSeed is how many steps of faults a seed has, before the way to rest.
const perSeed = 600

// play runs one seed in a bubble of its own.
func play(t *testing.T, seed uint64, cache *render.Cache) (out simulate.Result) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { out = simulate.Run(seed, perSeed, cache) })
	return out
}

// fails shows what is needed to understand a failure, and to play it again.
func fails(t *testing.T, r simulate.Result) {
	t.Helper()
	t.Errorf("seed %d (%s) fails: %s\n%s\n%s\nplay it again with: make simulate SEED=%d SEEDS=1",
		r.Seed, r.Profile, strings.Join(r.Violations, "\n"), strings.Join(r.Last, "\n"), r.World, r.Seed)
}

// TestSimulation plays seed after seed until the steps are done.
func TestSimulation(t *testing.T) {
	cache := render.NewCache()
	met, done, failed := map[string]int{}, 0, 0
	next := *seed
	for ; done < *steps && (*seeds == 0 || next < *seed+uint64(*seeds)) && failed < mostFailures; next++ {
		r := play(t, next, cache)
		done += r.Steps
		for name, n := range r.Met {
			met[name] += n
		}
		if len(r.Violations) > 0 {
			failed++
			fails(t, r)
		}
	}
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(met)) {
		fmt.Fprintf(&table, "%8d  %s\n", met[name], name)
	}
	t.Logf("%d steps, seeds %d to %d, %d failed; met:\n%s", done, *seed, next-1, failed, table.String())
	if failed > 0 {
		return
	}
	for _, name := range wanted(done) {
		if met[name] == 0 {
			t.Errorf("never met: %s", name)
		}
	}
}

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

// TestDivided plays seeds with two processes that divide the namespaces.
func TestDivided(t *testing.T) {
	cache := render.NewCache()
	met := map[string]int{}
	for next := range uint64(*steps / 2000) {
		var r simulate.Result
		synctest.Test(t, func(*testing.T) { r = simulate.RunDivided(*seed+next, perSeed, cache) })
		if len(r.Violations) > 0 {
			fails(t, r)
			return
		}
		for name, n := range r.Met {
			met[name] += n
		}
	}
	for _, name := range []string{"shards change hands", "the same end state", "two processes at once"} {
		if met[name] == 0 && *steps >= 20_000 {
			t.Errorf("never met: %s", name)
		}
	}
}

// TestSeedDecides plays seeds twice: a seed has one trace.
func TestSeedDecides(t *testing.T) {
	for seed := range uint64(6/slowdown + 1) {
		first, second := play(t, seed, render.NewCache()), play(t, seed, render.NewCache())
		if first.Digest != second.Digest {
			t.Errorf("seed %d: two traces\n%s\n\n%s", seed, strings.Join(first.Last, "\n"), strings.Join(second.Last, "\n"))
		}
	}
}

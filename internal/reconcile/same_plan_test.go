// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
)

// Properties of a state that only a loop with a history can remember.
const (
	unavailableSize = "a size is unavailable"
	busyPool        = "a pool is busy"
	reservedQuota   = "a busy pool has quota reserved"
	lostPool        = "a pool is lost"
	lateGPUs        = "GPUs are late"
)

// TestTheCommandPlansWhatTheLoopDoes compares the plan of the command with the plan of the loop's next pass, over
// random states. The loop has run all the time and has a history; the command reads only Git, Azure and the cluster.
func TestTheCommandPlansWhatTheLoopDoes(t *testing.T) {
	const groups, sequences, events = 4, 5, 12
	var mu sync.Mutex
	seen := map[string]int{}
	states := 0
	t.Run("states", func(t *testing.T) {
		for group := range uint64(groups) {
			t.Run(fmt.Sprint(group), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := planComparison{cache: render.NewCache(), seen: map[string]int{}}
					for i := range uint64(sequences) {
						c.play(t, group*sequences+i, events)
					}
					mu.Lock()
					defer mu.Unlock()
					states += c.states
					for kind, n := range c.seen {
						seen[kind] += n
					}
				})
			})
		}
	})
	if states < 200 {
		t.Errorf("compared the plans of %d states, want at least 200", states)
	}
	for _, kind := range []string{unavailableSize, busyPool, reservedQuota, lostPool, lateGPUs} {
		if seen[kind] == 0 {
			t.Errorf("in no state %s; states: %v", kind, seen)
		}
	}
}

// planComparison compares plans over sequences of events, and counts the properties of the states.
type planComparison struct {
	cache  *render.Cache
	states int
	seen   map[string]int
}

// play compares the plans after each event of one sequence.
func (c *planComparison) play(t *testing.T, seed uint64, events int) {
	t.Helper()
	s := reconciletest.Random(t, seed)
	s.Cache = c.cache
	l := s.Loop()
	for range events {
		provoke(s)
		s.Play(l, 1)
		makeReadable(s)
		s.Pass(l, time.Duration(1+s.Rand().IntN(600))*time.Second)
		command := documentOf(t, planOfCommand(t, s))
		loop := documentOf(t, s.Pass(l, 0).Plan)
		c.states++
		if diff := cmp.Diff(loop, command); diff != "" {
			t.Errorf("seed %d, state %d: plan of the command differs (-loop +command):\n%s\n%s", seed, c.states, diff, s)
			return
		}
		c.count(s, l)
	}
}

// provoke makes states with a history more likely: pools without nodes, sizes without capacity, slow operations.
func provoke(s *reconciletest.Simulator) {
	size := func() string {
		sizes := []string{"Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_NC40ads_H100_v5"}
		return sizes[s.Rand().IntN(len(sizes))]
	}()
	s.Azure.Set(func(f *capacitytest.Fake) {
		switch s.Rand().IntN(8) {
		case 0:
			f.NoNodes = map[string]bool{size: true}
		case 1:
			f.Fail = map[string]*capacity.CloudError{size: reconciletest.NoCapacity}
		case 2:
			f.Takes = 10 * time.Minute
		}
	})
}

// makeReadable ends all outages: during one the command fails and the loop waits, and neither has a plan.
func makeReadable(s *reconciletest.Simulator) {
	s.Git.Down, s.Git.RecordDown, s.Kubernetes.Down = nil, nil, nil
	s.Azure.Set(func(f *capacitytest.Fake) { f.Down = nil })
}

// planOfCommand returns the plan of a new process. It previews all objects, unless the API server refuses some: the
// command reports those in advance, and the loop only when it applies them.
func planOfCommand(t *testing.T, s *reconciletest.Simulator) plan.Plan {
	t.Helper()
	settings := s.Settings()
	if len(s.Kubernetes.Refused) == 0 {
		settings.Depth = engine.PreviewAll
	}
	p, err := reconcile.New(settings, s.Parts()).Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// count counts the properties of a state.
func (c *planComparison) count(s *reconciletest.Simulator, l *reconcile.Loop) {
	pools := s.Owned()
	busy := slices.ContainsFunc(pools, func(p capacity.LivePool) bool { return p.State.Busy() })
	lost := l.Executor().Unprovisionable()
	for kind, is := range map[string]bool{
		unavailableSize: len(l.Executor().Unavailable().Entries) > 0,
		lateGPUs:        len(l.Executor().WithoutGPUs()) > 0,
		lostPool:        slices.ContainsFunc(pools, func(p capacity.LivePool) bool { return lost[p.Name] }),
		busyPool:        busy,
		reservedQuota:   busy && s.Azure.VCPUs > 0,
	} {
		if is {
			c.seen[kind]++
		}
	}
}

// documentOf returns a plan as JSON has it, without the verdicts on sizes: only the command asks for these, and they
// decide nothing.
func documentOf(t *testing.T, p plan.Plan) map[string]any {
	t.Helper()
	p.Workspaces = slices.Clone(p.Workspaces)
	for i := range p.Workspaces {
		p.Workspaces[i].Sizes = nil
	}
	data, err := json.Marshal(document.Of(&p))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

// sequencesEnv sets the number of random sequences, and seedEnv the first seed. A sequence that fails prints its seed.
const (
	sequencesEnv = "SYNCER_SEQUENCES"
	seedEnv      = "SYNCER_SEED"
)

// TestRandomSequences changes the targets of a fleet, injects faults and kills the process, all at random. Once that
// ends, the pools reach the targets. No write went to an unmanaged pool, and the operations in flight kept the limit.
func TestRandomSequences(t *testing.T) {
	count, seed := ordinarily, uint64(1)
	if testing.Short() {
		count = 200
	}
	if n, err := strconv.Atoi(os.Getenv(sequencesEnv)); err == nil {
		count = n
	}
	if n, err := strconv.ParseUint(os.Getenv(seedEnv), 10, 64); err == nil {
		seed = n
	}
	var mu sync.Mutex
	var total tally
	var next atomic.Uint64
	t.Run("all", func(t *testing.T) {
		for range 4 { // workers
			t.Run("", func(t *testing.T) {
				t.Parallel()
				d := newDoor(t)
				for i := next.Add(1) - 1; i < uint64(count) && !t.Failed(); i = next.Add(1) - 1 {
					one := seed + i
					s := &story{rng: rand.New(rand.NewPCG(one, 1)), fleet: newFleet(t, d.sim(t, armsim.Options{Quota: plenty}))}
					s.tell(12)
					if wrong := s.end(); wrong != "" {
						t.Errorf("%s=%d %s=1: %s\n%s", seedEnv, one, sequencesEnv, wrong, s.said())
					}
					mu.Lock()
					total.add(s.tally)
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d sequences from seed %d: %+v", count, seed, total)
}

// plenty is quota that no story uses up; quota errors are among the faults.
var plenty = map[string]int{
	"cores":                     1e6,
	"standardnvadsa10v5family":  1e6,
	"standardncadsa100v4family": 1e6,
	"standardncadsh100v5family": 1e6,
}

type tally struct{ passes, writes, crashes, faults int }

func (t *tally) add(o tally) {
	t.passes, t.writes, t.crashes, t.faults = t.passes+o.passes, t.writes+o.writes, t.crashes+o.crashes, t.faults+o.faults
}

// story is one random sequence.
type story struct {
	*fleet
	rng   *rand.Rand
	lines []string
	tally
	unmanaged int
	amiss     string // what must never be
}

func (s *story) said() (out string) {
	for _, l := range s.lines {
		out += l + "\n"
	}
	return out
}

func (s *story) say(format string, args ...any) {
	s.lines = append(s.lines, s.sim.clock().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// step is one pass, with a restart if it was killed.
func (s *story) step() bool {
	before := len(s.sim.Log())
	settled := s.pass()
	first := map[string]armsim.Write{}
	for _, w := range s.sim.Log()[before:] {
		// No time goes by in a pass: a second write of a pool is the SDK's, which got no answer to the first, and a pool that
		// is busy at the first was listed so.
		switch earlier, again := first[w.Pool]; {
		case again && (w.Method != earlier.Method || w.Path != earlier.Path):
			s.amiss = "two operations on " + w.Pool
		case !again && w.Busy && !strings.HasSuffix(w.Path, "/abort"):
			s.amiss = "a write to " + w.Pool + ", which was busy"
		case !again:
			first[w.Pool] = w
		}
		s.say("%s %s (existed %t, busy %t)", w.Method, w.Pool, w.Existed, w.Busy)
	}
	s.tally.passes++
	if s.transport.dead {
		s.say("killed")
		s.crashes++
		s.restart()
		return false
	}
	if busy := s.sim.Busy("rg", aksName); busy > 3 {
		s.amiss = fmt.Sprintf("%d operations at once", busy)
	}
	return settled
}

// tell lets so many things happen.
func (s *story) tell(things int) {
	for range things {
		s.happen()
		for range 1 + s.rng.IntN(4) {
			if s.rng.IntN(6) == 0 {
				s.transport.die, s.transport.after = s.transport.served+1+s.rng.IntN(4), s.rng.IntN(2) == 0
			}
			s.step()
			s.sim.Pass([]time.Duration{0, 15 * time.Second, time.Minute, 7 * time.Minute, 40 * time.Minute}[s.rng.IntN(5)])
		}
	}
}

// happen is one thing that happens.
func (s *story) happen() {
	name := string(rune('a' + s.rng.IntN(4)))
	switch s.rng.IntN(7) {
	case 0, 1:
		w := target{sizes: []string{sizesOfTests[s.rng.IntN(3)]}, count: 1 + s.rng.IntN(2)}
		if s.rng.IntN(2) == 0 {
			w.sizes = sizesOfTests
		}
		if old, ok := s.targets[name]; ok { // a user who wants another size adds another Workspace
			w.sizes = old.sizes
		}
		s.targets[name] = w
		s.say("%s wants %d of %v", name, w.count, w.sizes)
	case 2:
		if w, ok := s.targets[name]; ok {
			w.count = s.rng.IntN(4)
			if machines := s.sim.Machines(poolNameOf(name, w.sizes[0])); len(machines) > 0 {
				w.drop = machines[s.rng.IntN(len(machines))]
			}
			s.targets[name] = w
			s.say("%s wants %d, without %s", name, w.count, w.drop)
		}
	case 3:
		delete(s.targets, name)
		s.say("%s is gone", name)
	case 4:
		if s.unmanaged++; s.unmanaged <= 2 {
			// Its name may equal the name of an owned pool.
			unmanaged := []string{"wtheirs", "gpu1"}[s.unmanaged-1]
			s.sim.AddUnmanaged(unmanaged)
			s.say("an unmanaged pool %s", unmanaged)
		}
	case 5:
		size := sizesOfTests[s.rng.IntN(3)]
		b := behaviours[s.rng.IntN(len(behaviours))]
		s.sim.Behave(size, b)
		s.say("%s: %+v", size, b)
	case 6:
		f := faults[s.rng.IntN(len(faults))]
		f.Times = 1 + s.rng.IntN(3)
		s.sim.Inject(f)
		s.faults++
		s.say("fault %+v", f)
	}
}

var behaviours = []armsim.Behaviour{
	{},
	{},
	{Fails: "AllocationFailed", Message: "none"},
	{Fails: "CreateVMSSAgentPoolFailed", Message: "failed", Details: []armsim.Detail{{Code: "ZonalAllocationFailed"}}},
	{Fails: "OverconstrainedAllocationRequest", Message: "Ephemeral Disks", FailsEphemeral: true},
	{Fails: "CreateVMSSAgentPoolFailed", Message: "VMExtensionProvisioningError"},
	{NoNodes: true},
	{NoGPUs: true},
	{Stuck: true},
}

var faults = []armsim.Fault{
	{Drop: true},
	{Method: http.MethodPut, Drop: true},
	{Method: http.MethodPut, Drop: true, After: true},
	{Method: http.MethodDelete, Drop: true, After: true},
	{Method: http.MethodPost, Drop: true, After: true},
	{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"},
	{Method: http.MethodPut, Status: http.StatusTooManyRequests, Code: "Throttled", RetryAfter: 600},
	{Method: http.MethodGet, Status: http.StatusTooManyRequests, Code: "SubscriptionRequestsThrottled", RetryAfter: 90},
	{
		Method:  http.MethodPut,
		Status:  http.StatusConflict,
		Code:    "OperationNotAllowed",
		Message: "Another operation (Upgrading) is in progress",
	},
	{
		Method: http.MethodPut,
		Status: http.StatusBadRequest,
		Code:   "OperationNotAllowed",
		Message: "exceeding approved StandardNCADSA100v4Family Cores quota. " +
			"Current Limit: 24, Current Usage: 24, Additional Required: 24",
	},
	{
		Method: http.MethodPut,
		Status: http.StatusBadRequest,
		Code:   "OperationNotAllowed",
		Message: "exceeding approved Total Regional Cores quota. " +
			"Current Limit: 24, Current Usage: 24, Additional Required: 24",
	},
	{Method: http.MethodPut, Status: http.StatusBadRequest, Code: "SkuNotAvailable", Message: "not here"},
	{Method: http.MethodPut, Status: http.StatusForbidden, Code: "AuthorizationFailed", Wrapped: true},
	{Method: http.MethodPut, Status: http.StatusForbidden, Code: "RequestDisallowedByPolicy"},
	{Method: http.MethodGet, Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken"},
	{Method: http.MethodPut, Async: true, Code: "AllocationFailed"},
	{Method: http.MethodPut, Async: true, Code: "ReconcileVMSSAgentPoolFailed", Message: "PodDrainFailure"},
	{Method: http.MethodPut, Async: true, Code: "VirtualNetworkNotInSucceededState"},
	{Method: http.MethodPut, Async: true, Code: "AKSOperationPreempted"},
	{Method: http.MethodDelete, Async: true, Code: "DeleteVMSSAgentPoolFailed", Message: "PodDrainFailure"},
	{Method: http.MethodPut, Stuck: true},
	{Method: http.MethodDelete, Stuck: true},
}

// end removes all faults, lets every operation finish, and describes the remaining difference; "" if there is none.
func (s *story) end() string {
	s.sim.Heal()
	s.say("no more faults")
	wait := 15 * time.Second
	for range 150 {
		if s.step() && s.wrong() == "" {
			break
		}
		s.sim.Pass(wait)
		wait = min(wait+wait/4, 2*time.Hour)
	}
	s.writes = len(s.sim.Log())
	if wrong := s.wrong(); wrong != "" {
		return wrong
	}
	if bad := s.trespasses(); len(bad) > 0 {
		return fmt.Sprintf("wrote %v", bad)
	}
	if s.amiss != "" {
		return s.amiss
	}
	pools, err := s.sim.cloud(s.t, nil).Pools(s.t.Context())
	if err != nil {
		return err.Error()
	}
	unmanaged := 1 + min(s.unmanaged, 2)
	if others := len(
		slices.DeleteFunc(slices.Clone(pools), func(p capacity.LivePool) bool { return p.Owned }),
	); others != unmanaged {
		return fmt.Sprintf("%d pools are not ours, not %d", others, unmanaged)
	}
	before := len(s.sim.Log())
	s.step()
	if n := len(s.sim.Log()) - before; n > 0 {
		return fmt.Sprintf("%d writes when nothing was left to do", n)
	}
	return ""
}

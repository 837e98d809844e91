// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

// scenarios are changes of a fleet, each from one set of targets to another.
var scenarios = map[string]struct {
	before map[string]target // the fleet has reached them at the start
	faults []armsim.Fault    // active from the start
	after  func(f *fleet) map[string]target
}{
	"create": {after: func(*fleet) map[string]target { return map[string]target{"a": {sizes: []string{a100}, count: 2}} }},
	"grow": {
		before: map[string]target{"a": {sizes: []string{a100}, count: 1}},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: []string{a100}, count: 3}}
		},
	},
	"scale to zero": {
		before: map[string]target{"a": {sizes: []string{a100}, count: 2}},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: []string{a100}}}
		},
	},
	"delete a machine": {
		before: map[string]target{"a": {sizes: []string{a100}, count: 3}},
		after: func(f *fleet) map[string]target {
			return map[string]target{"a": {sizes: []string{a100}, count: 2, drop: f.sim.Machines(poolNameOf("a", a100))[1]}}
		},
	},
	"delete": {
		before: map[string]target{"a": {sizes: []string{a100}, count: 1}},
		after:  func(*fleet) map[string]target { return nil },
	},
	"repair": {
		faults: []armsim.Fault{
			{Method: http.MethodPut, Async: true, Code: "ReconcileVMSSAgentPoolFailed", Message: "PodDrainFailure"},
		},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: []string{a100}, count: 1}}
		},
	},
	"another size": {
		faults: []armsim.Fault{{Method: http.MethodPut, Async: true, Code: "AllocationFailed", Message: "none"}},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: sizesOfTests, count: 1}}
		},
	},
	"another disk": {
		faults: []armsim.Fault{
			{Method: http.MethodPut, Async: true, Code: "OverconstrainedAllocationRequest", Message: "Ephemeral Disks"},
		},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: []string{a100}, count: 1}}
		},
	},
	"abort": {
		faults: []armsim.Fault{{Method: http.MethodPut, Stuck: true}},
		after: func(*fleet) map[string]target {
			return map[string]target{"a": {sizes: sizesOfTests, count: 1}}
		},
	},
	"two at once": {
		before: map[string]target{"a": {sizes: []string{a100}, count: 1}},
		after: func(*fleet) map[string]target {
			return map[string]target{"b": {sizes: []string{a100}, count: 2}}
		},
	},
}

// live lets a fleet live until nothing is left to do. revive starts it again when it was killed.
func (f *fleet) live(t *testing.T) {
	t.Helper()
	for range 600 {
		settled := f.pass()
		if f.transport.dead {
			f.restart()
			continue
		}
		if settled {
			return
		}
		f.sim.Pass(time.Minute)
	}
	t.Fatalf("it does not settle: %s", f.wrong())
}

// TestKilledAtAnyRequest kills the process before and after each request of each scenario. The pools in the end equal
// those of a run without a kill: no orphan, no pool created twice, no write to an unmanaged pool.
func TestKilledAtAnyRequest(t *testing.T) {
	d := newDoor(t)
	points := 0
	for name, l := range scenarios {
		begin := func(t *testing.T) *fleet {
			f := newFleet(t, d.sim(t, armsim.Options{}))
			f.sim.AddUnmanaged("wtheirs")
			f.targets = l.before
			f.live(t)
			f.restart()
			for _, fault := range l.faults {
				f.sim.Inject(fault)
			}
			f.targets = l.after(f)
			return f
		}
		t.Run(name, func(t *testing.T) {
			calm := begin(t)
			calm.live(t)
			if wrong := calm.wrong(); wrong != "" {
				t.Fatal(wrong)
			}
			requests, want, created := calm.transport.served, calm.state(), calm.creations()
			for n := 1; n <= requests; n++ {
				for _, after := range []bool{false, true} {
					points++
					point := fmt.Sprintf("killed at request %d of %d, after it was answered: %t", n, requests, after)
					f := begin(t)
					f.transport.die, f.transport.after = n, after
					f.live(t)
					if got := f.state(); got != want {
						t.Errorf("%s:\n%s\nnot\n%s", point, got, want)
					}
					if bad := f.trespasses(); len(bad) > 0 {
						t.Errorf("%s: wrote %v", point, bad)
					}
					for pool, n := range f.creations() {
						if n > created[pool] {
							t.Errorf("%s: %s was created %d times, not %d", point, pool, n, created[pool])
						}
					}
				}
			}
		})
	}
	t.Logf("%d points", points)
}

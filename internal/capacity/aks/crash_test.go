package aks

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

// lives are stretches of a fleet's life, each from wishes to where they are fulfilled.
var lives = map[string]struct {
	before map[string]wish // are fulfilled when it begins
	faults []armsim.Fault  // in the way from the beginning
	after  func(f *fleet) map[string]wish
}{
	"create": {nil, nil, func(*fleet) map[string]wish { return map[string]wish{"a": {sizes: []string{a100}, count: 2}} }},
	"grow": {map[string]wish{"a": {sizes: []string{a100}, count: 1}}, nil, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: []string{a100}, count: 3}}
	}},
	"scale to zero": {map[string]wish{"a": {sizes: []string{a100}, count: 2}}, nil, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: []string{a100}}}
	}},
	"delete a machine": {map[string]wish{"a": {sizes: []string{a100}, count: 3}}, nil, func(f *fleet) map[string]wish {
		return map[string]wish{"a": {sizes: []string{a100}, count: 2, drop: f.sim.Machines(poolNameOf("a", a100))[1]}}
	}},
	"delete": {map[string]wish{"a": {sizes: []string{a100}, count: 1}}, nil, func(*fleet) map[string]wish { return nil }},
	"repair": {nil, []armsim.Fault{{Method: http.MethodPut, Async: true, Code: "ReconcileVMSSAgentPoolFailed", Message: "PodDrainFailure"}}, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: []string{a100}, count: 1}}
	}},
	"another size": {nil, []armsim.Fault{{Method: http.MethodPut, Async: true, Code: "AllocationFailed", Message: "none"}}, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: sizesOfTests, count: 1}}
	}},
	"another disk": {nil, []armsim.Fault{{Method: http.MethodPut, Async: true, Code: "OverconstrainedAllocationRequest", Message: "Ephemeral Disks"}}, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: []string{a100}, count: 1}}
	}},
	"abort": {nil, []armsim.Fault{{Method: http.MethodPut, Stuck: true}}, func(*fleet) map[string]wish {
		return map[string]wish{"a": {sizes: sizesOfTests, count: 1}}
	}},
	"two at once": {map[string]wish{"a": {sizes: []string{a100}, count: 1}}, nil, func(*fleet) map[string]wish {
		return map[string]wish{"b": {sizes: []string{a100}, count: 2}}
	}},
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

// TestKilledAtAnyRequest kills the process before and after each request of each life, and shows that what is there in the
// end is the same as if nothing had happened: no orphan, nothing made twice, nobody else's pool written.
func TestKilledAtAnyRequest(t *testing.T) {
	d := newDoor(t)
	points := 0
	for name, l := range lives {
		begin := func(t *testing.T) *fleet {
			f := newFleet(t, d.sim(t, armsim.Options{}))
			f.sim.Stranger("wtheirs")
			f.wishes = l.before
			f.live(t)
			f.restart()
			for _, fault := range l.faults {
				f.sim.Inject(fault)
			}
			f.wishes = l.after(f)
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

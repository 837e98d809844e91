// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
)

// listing is Azure with another list of pools.
type listing struct {
	*capacitytest.Checked
	as func([]capacity.LivePool) []capacity.LivePool
}

func (c *listing) Pools(ctx context.Context) ([]capacity.LivePool, error) {
	pools, err := c.Checked.Pools(ctx)
	if c.as != nil {
		pools = c.as(pools)
	}
	return pools, err
}

// listed is a loop with a list of pools that a test may change.
func listed(s *reconciletest.Simulator) (*reconcile.Loop, *listing) {
	s.Cache = rendered
	cloud := &listing{Checked: s.Azure}
	parts := s.Parts()
	parts.Cloud = cloud
	return reconcile.New(s.Settings(), parts), cloud
}

// updating lists pools that another client updates.
func updating(pools []capacity.LivePool) []capacity.LivePool {
	for i := range pools {
		if pools[i].Owned {
			pools[i].State, pools[i].ETag = capacity.Updating, "other"
		}
	}
	return pools
}

// TestOverdueIsNoFixpoint: a pool that another client updates changes nothing, until the update takes too long.
// Nothing but the time says so: passes are short before, and none is from then on.
func TestOverdueIsNoFixpoint(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l, cloud := listed(s)
		s.Settle(l)
		cloud.as = updating
		short, overdue := 0, 0
		for range 180 {
			o := s.Pass(l, time.Minute)
			switch {
			case !l.Executor().Overdue():
				if o.Unchanged {
					short++
				}
			case o.Unchanged:
				t.Fatalf("after %d short passes, one does not see that the update is overdue", short)
			default:
				if overdue++; l.Kept() {
					t.Fatal("a pass with an overdue operation is a fixpoint")
				}
			}
		}
		if short < 10 || overdue < 10 {
			t.Errorf("%d short passes and %d with an overdue operation show too little", short, overdue)
		}
		says(t, file(s, "default/phi.yaml"), "has been Updating for more than")
	})
}

// TestOtherOfferingsEndAFixpoint: what the executor has learnt since decides about sizes, also where nothing else has
// changed.
func TestOtherOfferingsEndAFixpoint(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Pass(l, time.Second)
		if o := s.Pass(l, time.Second); !o.Unchanged {
			t.Fatal("the pass is not short")
		}
		now := time.Now()
		l.Executor().Restore(unavailable.Offerings{Entries: []unavailable.Entry{{
			Size: "Standard_NC24ads_A100_v4", Code: "AllocationFailed", Failures: 1, Since: now, Until: now.Add(time.Hour),
		}}})
		if o := s.Pass(l, time.Second); o.Unchanged {
			t.Error("the pass does not see what Azure does not have")
		}
	})
}

// TestOldListIsNoFixpoint lets Azure list a pool as it was before a write of syncer that a push has then made needless.
// Nothing differs from what is desired; but an operation is in flight, and only the time ends the wait for it.
func TestOldListIsNoFixpoint(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l, cloud := listed(s)
		s.Settle(l)
		before := s.Azure.Live()
		cloud.as = func([]capacity.LivePool) []capacity.LivePool { return slices.Clone(before) }
		s.Git.Push("phi.yaml", strings.Replace(reconciletest.Phi, "{app: phi}", "{app: phi, team: search}", 1))
		if o := s.Pass(l, time.Second); o.PoolWrites != 1 || !o.InFlight {
			t.Fatalf("%d writes, in flight %t: %v", o.PoolWrites, o.InFlight, s.Azure.Written)
		}
		s.Git.Push("phi.yaml", reconciletest.Phi)
		waited := 0
		for range 20 {
			if o := s.Pass(l, 10*time.Second); o.InFlight {
				if waited++; o.Unchanged || l.Kept() {
					t.Fatalf("pass %d with an old list: short %t, a fixpoint %t", waited, o.Unchanged, l.Kept())
				}
			}
		}
		o := s.Pass(l, time.Second)
		if waited < 5 || o.InFlight || !o.Unchanged || !l.Kept() {
			t.Errorf("%d passes waited; in flight %t, short %t, a fixpoint %t", waited, o.InFlight, o.Unchanged, l.Kept())
		}
	})
}

// TestOtherReportsAreNoFixpoint: what a pass reports is an input of the next one, also before it is recorded.
func TestOtherReportsAreNoFixpoint(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l, cloud := listed(s)
		s.Settle(l)
		s.Pass(l, time.Second)
		cloud.as = updating
		o := s.Pass(l, time.Second)
		if o.Unchanged || len(o.Changes) > 0 || o.Recorded != "" || !l.Dirty() {
			t.Fatalf("the pass does not only report: %d changes, recorded %q, dirty %t", len(o.Changes), o.Recorded, l.Dirty())
		}
		for i, want := range []bool{false, true} {
			if o = s.Pass(l, time.Second); o.Unchanged != want {
				t.Errorf("pass %d after other reports: short %t", i+1, o.Unchanged)
			}
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

// short runs passes, a moment apart, and returns how many of them ended at once.
func short(s *reconciletest.Simulator, l *reconcile.Loop, passes int) int {
	n := 0
	for range passes {
		if s.Pass(l, time.Second).Unchanged {
			n++
		}
	}
	return n
}

// TestEmptySourceIsConfirmed: a commit that changes no file, and confirms that none is left, deletes.
func TestEmptySourceIsConfirmed(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.AllowEmpty = false
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Git.Remove("phi.yaml")
		if n := short(s, l, 10); n < 5 || len(s.Kubernetes.Pruned) > 0 {
			t.Fatalf("%d of 10 passes are short, pruned %v", n, s.Kubernetes.Pruned)
		}
		s.Git.AllowEmpty = true
		s.Git.PushAllowing(0)
		if s.Pass(l, time.Second); len(s.Kubernetes.Pruned) == 0 {
			t.Error("nothing is deleted")
		}
	})
}

// TestDeletionsAreAllowedLater: the commit that allows deletions changes no file, and is not the last one that a pass
// finds.
func TestDeletionsAreAllowedLater(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Mass = mass.Policy{Count: 1, Percent: 10}
		names := []string{"a", "b", "c", "d", "e", "f"}
		for _, name := range names {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Automatic, name))
		}
		l := s.Loop()
		s.Settle(l)
		for _, name := range names[:5] {
			s.Git.Remove(name + ".yaml")
		}
		if n := short(s, l, 10); n < 5 || len(s.Kubernetes.Pruned) > 0 {
			t.Fatalf("%d of 10 passes are short, pruned %v", n, s.Kubernetes.Pruned)
		}
		s.Git.PushAllowing(5)
		s.Git.PushAllowing(0)
		if s.Pass(l, time.Second); len(s.Kubernetes.Pruned) == 0 {
			t.Error("nothing is deleted")
		}
	})
}

// TestDeletionThatDoubtHasHeld: a pass that asks for nothing, after one that could not read Git or Azure, deletes
// nothing. The pass after it, which reads both again, does.
func TestDeletionThatDoubtHasHeld(t *testing.T) {
	for name, down := range map[string]func(*reconciletest.Simulator, error){
		"Git":   func(s *reconciletest.Simulator, err error) { s.Git.Down = err },
		"Azure": func(s *reconciletest.Simulator, err error) { s.Azure.Set(func(f *capacitytest.Fake) { f.Down = err }) },
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("phi.yaml", reconciletest.Phi)
				s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
				l := s.Loop()
				s.Settle(l)
				s.Git.Remove("b.yaml")
				s.Kubernetes.Down = reconciletest.ErrDown
				l.Pass(t.Context(), reconciletest.All) // it reads the commit, and carries out nothing
				s.Kubernetes.Down = nil
				down(s, reconciletest.ErrDown)
				l.Pass(t.Context(), reconciletest.All)
				for range 5 {
					l.Pass(t.Context(), reconcile.Due{})
				}
				if len(s.Kubernetes.Pruned) > 0 {
					t.Fatalf("pruned %v", s.Kubernetes.Pruned)
				}
				down(s, nil)
				if l.Pass(t.Context(), reconciletest.All); len(s.Kubernetes.Pruned) == 0 {
					t.Error("nothing is deleted")
				}
			})
		})
	}
}

// TestChangeThatWaits: the loop retries a change that Azure refuses for a while, also if nothing else happens.
func TestChangeThatWaits(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		refuse := &capacity.CloudError{Class: capacity.ClassThrottled, Code: "TooManyRequests"}
		s.Azure.Set(func(f *capacitytest.Fake) { f.Once = []*capacitytest.Fault{{Refuse: refuse}} })
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		if n := short(s, l, 60); n > 0 && len(s.Owned()) == 0 {
			t.Errorf("%d passes are short, and there is no pool", n)
		}
		diff(t, "pools", 1, len(s.Owned()))
	})
}

// TestReferenceIsAskedForAgain: what another client makes for a Workspace starts no event. It is asked for when
// Parts.Due says so, also by a loop at rest.
func TestReferenceIsAskedForAgain(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi+"  config: conf\n")
		presence, asked := cluster.Missing, time.Now()
		parts := s.Parts()
		parts.Due = func() time.Time { return asked.Add(time.Minute) }
		looks := 0
		parts.Look = func(
			_ context.Context, refs []cluster.Ref, now time.Time,
		) (map[cluster.Ref]cluster.Reference, error) {
			if !now.Before(asked.Add(time.Minute)) {
				asked, looks = now, looks+1
			}
			out := map[cluster.Ref]cluster.Reference{}
			for _, r := range refs {
				out[r] = cluster.Reference{Presence: presence}
			}
			return out, nil
		}
		l := reconcile.New(s.Settings(), parts)
		s.Passes(l, 20)
		before := looks
		if n := short(s, l, 50); n < 45 || looks > before+1 {
			t.Fatalf("%d of 50 passes are short, with %d looks", n, looks-before)
		}
		presence = cluster.Present
		s.Advance(time.Minute)
		if o := s.Pass(l, time.Second); o.Unchanged {
			t.Errorf("the pass does not see it, after %d looks", looks-before)
		}
	})
}

// TestShortPassWhileAPoolIsBusy: passes end at once while Azure works, and the end of the operation is seen.
func TestShortPassWhileAPoolIsBusy(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 10 * time.Minute })
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Passes(l, 4)
		for range 50 {
			o := s.Pass(l, time.Second)
			if !o.Unchanged || !o.InFlight || o.Settled {
				t.Fatalf("unchanged %t, in flight %t, settled %t", o.Unchanged, o.InFlight, o.Settled)
			}
		}
		if s.Settle(l); s.Azure.Nodes.Running() != 1 {
			t.Error(s)
		}
	})
}

// TestOperationThatNeverEnds: it is aborted at its deadline, although passes before it end at once.
func TestOperationThatNeverEnds(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Set(func(f *capacitytest.Fake) { f.Once = []*capacitytest.Fault{{Stuck: true}} })
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		n := 0
		for range 40 {
			if s.Pass(l, time.Minute).Unchanged {
				n++
			}
		}
		if n < 30 {
			t.Errorf("%d of 40 passes are short", n)
		}
		for range 60 {
			s.Pass(l, 5*time.Minute)
		}
		if s.Azure.Nodes.Running() != 1 {
			t.Errorf("it is not tried again: %v %s", s.Azure.Written, s)
		}
	})
}

// TestShortPassWhileAnOfferingIsUnavailable: a Workspace waits for a size that Azure lacks. Most passes end at once,
// and the loop retries the size after its block, with the same writes at the same times as by passes that compute all.
func TestShortPassWhileAnOfferingIsUnavailable(t *testing.T) {
	var tried [2][]string
	for i, thorough := range []bool{false, true} {
		simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
			lacks := &capacity.CloudError{Class: capacity.ClassCapacity, Code: "AllocationFailed", Message: "none left"}
			s.Azure.Set(func(f *capacitytest.Fake) {
				f.Refuse = map[string]*capacity.CloudError{"Standard_NC24ads_A100_v4": lacks}
			})
			s.Git.Push("phi.yaml", reconciletest.Phi)
			settings := s.Settings()
			settings.Thorough = thorough
			l := reconcile.New(settings, s.Parts())
			began, n, passes := time.Now(), 0, 0
			for ; time.Since(began) < 5*time.Hour; passes++ {
				known := len(s.Azure.Refused)
				if s.Pass(l, 10*time.Second).Unchanged {
					n++
				}
				for range len(s.Azure.Refused) - known {
					tried[i] = append(tried[i], time.Since(began).String())
				}
			}
			if !thorough && n < passes*3/4 {
				t.Errorf("%d of %d passes are short", n, passes)
			}
		})
	}
	if len(tried[0]) < 2 {
		t.Errorf("tried at %v", tried[0])
	}
	diff(t, "tried at", tried[1], tried[0])
}

// TestShortPassWhileARollOutIsStopped: what a failure holds stays held without work, until a commit mends it.
func TestShortPassWhileARollOutIsStopped(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 3, rollout.Limit{Count: 1})
		s.Kubernetes.Crash = map[string]string{"a": "map[name:VLLM_USE_DEEP_GEMM value:1]"}
		s.Presets = reconciletest.OtherPresets("1")
		l := s.Loop()
		s.Passes(l, 10)
		if n := short(s, l, 20); n != 20 {
			t.Errorf("%d of 20 passes are short", n)
		}
		s.Kubernetes.Crash = nil
		o := s.Passes(l, 20)
		diff(t, "states", map[string]status.State{"a": status.Ready, "b": status.Ready, "c": status.Ready}, states(o.Reports))
		if !o.Plan.Empty() {
			t.Error("the roll-out does not go on")
		}
	})
}

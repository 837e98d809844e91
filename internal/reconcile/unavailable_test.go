// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

// ownedSizes lists the sizes of the owned pools.
func ownedSizes(s *reconciletest.Simulator) []string { return slices.Sorted(maps.Keys(poolSizes(s))) }

// firstChoice returns the size that syncer chooses while Azure offers all sizes.
func firstChoice(t *testing.T) (size string) {
	t.Helper()
	s := reconciletest.New(t)
	s.Git.Push("phi.yaml", reconciletest.Automatic)
	s.Settle(s.Loop())
	return ownedSizes(s)[0]
}

// TestAutomaticSizeMovesOn lets Azure run out of the first choice: syncer deletes the failed pool, creates another
// size, and keeps that choice after a restart.
func TestAutomaticSizeMovesOn(t *testing.T) {
	for name, out := range map[string]func(*capacitytest.Fake, map[string]*capacity.CloudError){
		"refused":     func(f *capacitytest.Fake, e map[string]*capacity.CloudError) { f.Refuse = e },
		"failed late": func(f *capacitytest.Fake, e map[string]*capacity.CloudError) { f.Fail = e },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				choice := firstChoice(t)
				s := reconciletest.New(t)
				s.Azure.Set(func(f *capacitytest.Fake) {
					out(f, map[string]*capacity.CloudError{choice: reconciletest.NoCapacity})
				})
				s.Git.Push("phi.yaml", reconciletest.Automatic)
				s.Settle(s.Loop())
				if sizes := ownedSizes(s); len(sizes) != 1 || sizes[0] == choice {
					t.Fatalf("sizes %v after %s failed: %s", sizes, choice, s)
				}
				sku, _ := capacity.LookupSKU(choice)
				recorded := status.UnavailableFrom(s.Git.Status()["capacity.yaml"], time.Now())
				if _, _, blocked := recorded.Blocked(sku, capacity.OnDemand, time.Now()); !blocked {
					t.Fatalf("capacity.yaml does not say so:\n%s", s.Git.Status()["capacity.yaml"])
				}
				before := writes(s)
				s.Heal()
				s.Settle(s.Loop())
				diff(t, "writes after a restart", before, writes(s))
				s.Advance(48 * time.Hour)
				s.Settle(s.Loop())
				diff(t, "writes to Azure two days later", before.Azure, writes(s).Azure)
				if text := string(s.Git.Status()["capacity.yaml"]); strings.Contains(text, "unavailable") {
					t.Errorf("an expired entry stays:\n%s", text)
				}
			})
		})
	}
}

// TestNamedSizeWaits lets Azure run out of a named size: syncer creates no other, the condition has the reason, and
// syncer retries after the time of the entry.
func TestNamedSizeWaits(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Refuse = map[string]*capacity.CloudError{"Standard_NC24ads_A100_v4": reconciletest.NoQuota}
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		for range 100 {
			s.Pass(l, 30*time.Second)
		}
		if len(s.Azure.Written) != 0 {
			t.Errorf("written %v", s.Azure.Written)
		}
		text := string(s.Git.Status()["default/phi.yaml"])
		for _, want := range []string{"reason: OutOfCapacity", "24 vCPU of standardNCADSA100v4Family short"} {
			if !strings.Contains(text, want) {
				t.Errorf("the status does not say %q:\n%s", want, text)
			}
		}
		if len(s.Git.Messages) > 4 {
			t.Errorf("commits while nothing changes: %q", s.Git.Messages)
		}
		s.Heal()
		s.Advance(time.Hour)
		s.Settle(l)
		diff(t, "operations", []string{"create"}, operations(s))
	})
}

// TestGPUsThatNeverAppear lets Azure create a pool without nodes.
func TestGPUsThatNeverAppear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		choice := firstChoice(t)
		s := reconciletest.New(t)
		s.Azure.NoNodes = map[string]bool{choice: true}
		s.Git.Push("phi.yaml", reconciletest.Automatic)
		for range 50 { // a restart each time: the time is on the pool
			s.Pass(s.Loop(), 30*time.Second)
		}
		diff(t, "sizes before the deadline", []string{choice}, ownedSizes(s))
		s.Advance(10 * time.Minute)
		s.Settle(s.Loop())
		if got := ownedSizes(s); len(got) != 1 || got[0] == choice {
			t.Errorf("after the deadline: %s", s)
		}
	})
}

// TestLateGPUs has GPUs that appear long after their node, but before the deadline.
func TestLateGPUs(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Nodes.Late = 10
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		if got := states(s.Passes(l, 9).Reports)["phi"]; got == status.Ready {
			t.Error("a server without GPUs is Ready")
		}
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
		diff(t, "operations", []string{"create"}, operations(s))
	})
}

// TestPassCostsOneList counts the requests of passes to Azure.
func TestPassCostsOneList(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		lists, quotas := s.Azure.Lists, s.Azure.Quotas
		s.Passes(l, 60)
		if lists, quotas := s.Azure.Lists-lists, s.Azure.Quotas-quotas; lists != 60 || quotas > 7 {
			t.Errorf("%d lists and %d reads of the quota in 60 passes over an hour", lists, quotas)
		}
	})
}

// TestQuotaUnknown shows that an unknown quota is an error, and holds nothing once Azure answers.
func TestQuotaUnknown(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Pass(l, time.Minute)
		s.Azure.Down = reconciletest.ErrDown
		if o := s.Pass(l, time.Minute); o.Err == nil {
			t.Error("there is no error")
		}
		s.Heal()
		s.Settle(l)
	})
}

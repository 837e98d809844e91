// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

var onH100 = strings.Replace(reconciletest.Phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1)

// TestServerMovesOnceItsNodesAreThere changes the size of a running server.
func TestServerMovesOnceItsNodesAreThere(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		pool := func() string { return s.Kubernetes.Workload("phi").Pool }
		old := pool()
		s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 5 * time.Minute })
		s.Git.Push("phi.yaml", onH100)
		for range 4 {
			o := s.Pass(l, time.Minute)
			if len(s.Owned()) != 2 || s.Azure.Find(old).Count != 1 || pool() != old || o.Settled {
				t.Fatalf("while Azure creates the new pool, the server is on %s: %s", pool(), s)
			}
			r := o.Reports[0]
			c := r.Conditions[0]
			if r.State != status.Ready || c.Reason != status.Moving || !strings.Contains(c.Message, "Standard_NC40ads_H100_v5") {
				t.Errorf("%s, condition %+v", r.State, c)
			}
			if n := strings.Count(c.Message, "once it is ready"); n != 1 {
				t.Errorf("it says %d times what it waits for: %s", n, c.Message)
			}
		}
		o := s.Settle(s.Loop()) // and a restart in between changes nothing
		diff(t, "nodes", map[string]int{"Standard_NC40ads_H100_v5": 1}, poolSizes(s))
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(o.Reports))
		diff(t, "operations", []string{"create", "create", "update", "delete"}, operations(s))
		if pool() == old {
			t.Errorf("the server is on %s", old)
		}
	})
}

// TestWorkspacesWithoutASizeShare puts two on one pool, each of which pays for its part.
func TestWorkspacesWithoutASizeShare(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Automatic)
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Automatic, "b"))
		l := s.Loop()
		o := s.Settle(l)
		pools := s.Owned()
		if len(pools) != 1 || pools[0].Count != 2 {
			t.Fatalf("%s", s)
		}
		if got := pools[0].Labels; got["syncer.dev/pool"] != "shared" || got["app"] != "" {
			t.Errorf("labels %v", got)
		}
		for _, r := range o.Reports {
			if r.State != status.Ready || r.HourlyCost != "3.20" || len(r.Pools) != 1 || !r.Pools[0].Shared {
				t.Errorf("report %+v", r)
			}
		}
		s.Git.Remove("b.yaml")
		s.Settle(l)
		if got := s.Azure.Find(pools[0].Name); got.Count != 1 {
			t.Errorf("after one has gone: %+v", got)
		}
	})
}

// TestNodesGoInOrder suspends a server, resumes it, and removes it, while an unmanaged pod is on its node.
func TestNodesGoInOrder(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		l := s.Loop()
		push := func(text string) *status.Report {
			s.Git.Push("m1.yaml", text)
			return s.Passes(l, 12).Reports[0]
		}
		node := func() string {
			for pool, names := range s.Azure.Fake.Nodes() {
				if pool != "foreign" {
					return names[0]
				}
			}
			return ""
		}
		push(reconciletest.Phi)
		first := node()
		s.Azure.Nodes.AddForeign("other/pod", first)
		suspended := push(
			strings.Replace(reconciletest.Phi, "{name: phi}", `{name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1),
		)
		if s.Azure.Nodes.Running() != 0 || node() != first {
			t.Errorf("with an unmanaged pod: %s", s)
		}
		if text := fmt.Sprint(suspended.Conditions); !strings.Contains(text, "pod other/pod still runs on it") {
			t.Errorf("conditions %s", text)
		}
		s.Azure.Nodes.RemoveForeign()
		s.Passes(l, 12)
		if node() != "" {
			t.Errorf("suspended: %s", s)
		}
		diff(t, "operations", []string{"create", "update"}, operations(s))
		if r := push(reconciletest.Phi); node() == "" || r.State != status.Ready {
			t.Errorf("resumed: %s, %s", r.State, s)
		}
		s.Azure.Nodes.AddForeign("other/pod", node())
		s.Git.Remove("m1.yaml")
		s.Passes(l, 12)
		if refs := s.Kubernetes.Refs(); len(refs) > 0 {
			t.Errorf("left: %v", refs)
		}
		if node() == "" {
			t.Error("the node of an unmanaged pod is gone")
		}
		s.Azure.Nodes.RemoveForeign()
		s.Passes(l, 12)
		if node() != "" {
			t.Errorf("without the unmanaged pod: %s", s)
		}
		diff(t, "operations", []string{"create", "update", "update", "update", "delete"}, operations(s))
	})
}

// TestStuckIsGivenUpOnce lets Azure create a pool without an end; syncer aborts the operation once.
func TestStuckIsGivenUpOnce(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("m1.yaml", reconciletest.Phi)
		s.Azure.Once = []*capacitytest.Fault{{Stuck: true}}
		for i := range 44 {
			if s.Pass(s.Loop(), time.Minute).PoolWrites > 0 && i > 0 { // a restart each time
				t.Fatalf("minute %d: %v", i, s.Azure.Written)
			}
		}
		o := s.Passes(s.Loop(), 120)
		if n := strings.Count(strings.Join(operations(s), " "), "abort"); n != 1 {
			t.Errorf("aborted %d times: %v", n, s.Azure.Written)
		}
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(o.Reports))
	})
}

// TestNoPlaceLeavesOthersAlone has quota for one of two.
func TestNoPlaceLeavesOthersAlone(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		setQuota(s, 0, 24)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		setQuota(s, 24, 24)
		s.Advance(time.Hour) // syncer reads the quota again
		s.Git.Push("x.yaml", reconciletest.Named(reconciletest.Phi, "x"))
		refs, azure := s.Kubernetes.Refs(), s.Azure.Written
		o := l.Pass(t.Context(), reconciletest.All)
		diff(t, "objects", refs, s.Kubernetes.Refs())
		diff(t, "writes to Azure", azure, s.Azure.Written)
		diff(t, "states", map[string]status.State{"phi": status.Ready, "x": status.Pending}, states(o.Reports))
		c := o.Reports[1].Conditions[0]
		if c.Type != status.ResourceReady || c.Status != "False" || c.Reason != "QuotaExceeded" ||
			!strings.Contains(c.Message, "24 vCPU of") {
			t.Errorf("condition %+v", c)
		}
		setQuota(s, 24, 48)
		s.Advance(time.Hour)
		diff(
			t,
			"states with more quota",
			map[string]status.State{"phi": status.Ready, "x": status.Ready},
			states(s.Settle(l).Reports),
		)
	})
}

// TestHighPriorityInterruptsAndGivesBack has room for one server. The one of high priority interrupts the other, which
// says so, keeps its objects, and runs again afterwards; a restart at any moment changes nothing.
func TestHighPriorityInterruptsAndGivesBack(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Limits.Nodes, s.Preemption = 1, true
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Passes(s.Loop(), 12)
		urgent := strings.Replace(reconciletest.Named(reconciletest.Phi, "urgent"), "{name: urgent}",
			"{name: urgent, annotations: {syncer.dev/priority: high}}", 1)
		s.Git.Push("urgent.yaml", urgent)
		o := s.Pass(s.Loop(), time.Minute)
		c := o.Reports[0].Conditions[0]
		if c.Reason != status.Preempted || !strings.Contains(c.Message, "gives way to default/urgent (priority high)") {
			t.Errorf("interrupted: %+v", c)
		}
		for range 20 {
			o = s.Passes(s.Loop(), 1)
		}
		diff(t, "states", map[string]status.State{"phi": status.NotReady, "urgent": status.Ready}, states(o.Reports))
		c = o.Reports[0].Conditions[0]
		const behind = "it waits behind default/urgent (priority high before normal)"
		if len(s.Owned()) != 1 || !strings.Contains(c.Message, behind) {
			t.Errorf("%s, while it waits: %+v", s, c)
		}
		s.Git.Remove("urgent.yaml")
		o = s.Settle(s.Loop())
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(o.Reports))
	})
}

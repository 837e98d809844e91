// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

// blocking lists the findings of a plan that block it.
func blocking(o reconcile.Outcome) []plan.FindingKind {
	var out []plan.FindingKind
	for _, f := range o.Plan.Findings {
		if f.Verdict == diag.Fail {
			out = append(out, f.Kind)
		}
	}
	return out
}

// wantCondition fails the test unless a condition of a Workspace has the text.
func wantCondition(t *testing.T, o reconcile.Outcome, name, text string) {
	t.Helper()
	i := slices.IndexFunc(o.Reports, func(r *status.Report) bool { return r.Key.Name == name })
	if i < 0 {
		t.Errorf("no report on %s", name)
		return
	}
	if got := fmt.Sprint(o.Reports[i].Conditions); !strings.Contains(got, text) {
		t.Errorf("%s: conditions %s\nwant %q", name, got, text)
	}
}

// TestDeletionIsHeld removes a serving Workspace against policy.deletion. It stays, another change is carried out, and
// it goes once the policy lets it.
func TestDeletionIsHeld(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		s.Settle(s.Loop())
		s.Changes.Deletion = diag.Fail
		l := s.Loop()
		s.Git.Remove("b.yaml")
		s.Git.Push("c.yaml", reconciletest.Named(reconciletest.Automatic, "c"))
		o := s.Passes(l, 15)
		diff(t, "states", map[string]status.State{"phi": status.Ready, "c": status.Ready}, without(states(o.Reports), "b"))
		if s.Kubernetes.Workload("b").Name == "" || len(s.Kubernetes.Pruned) > 0 || s.Azure.Nodes.Running() != 3 {
			t.Fatalf("b is not served any more: %s", s)
		}
		wantCondition(t, o, "b", "policy.deletion is fail")
		if got := blocking(o); !slices.Contains(got, plan.Deleted) || o.Plan.Verdict().Outcome != plan.Blocked {
			t.Errorf("findings %v, verdict %+v", got, o.Plan.Verdict())
		}
		before := writes(s)
		s.Passes(l, 3)
		diff(t, "writes of a second pass", before, writes(s))

		s.Changes.Deletion = diag.Warn
		o = s.Settle(s.Loop())
		if len(o.Reports) != 2 || s.Azure.Nodes.Running() != 2 {
			t.Errorf("with warn, b is still there: %s", s)
		}
	})
}

func without(m map[string]status.State, name string) map[string]status.State {
	delete(m, name)
	return m
}

// TestSuspendedMayGo deletes a Workspace that serves nothing, in spite of policy.deletion.
func TestSuspendedMayGo(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Deletion = diag.Fail
		s.Git.Push("phi.yaml", strings.Replace(
			reconciletest.Phi, "{name: phi}", `{name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1,
		))
		l := s.Loop()
		s.Passes(l, 5)
		s.Git.Remove("phi.yaml")
		s.Passes(l, 5)
		if refs := s.Kubernetes.Refs(); len(refs) > 0 {
			t.Errorf("left: %v", refs)
		}
	})
}

// TestInterruptionIsHeld changes the size of a serving Workspace, and what its pods run, against policy.interruption.
func TestInterruptionIsHeld(t *testing.T) {
	for name, text := range map[string]string{
		"another size": onH100,
		"another flag": strings.Replace(
			reconciletest.Phi, "{name: phi}", `{name: phi, annotations: {kaito.sh/performance-mode: throughput}}`, 1,
		),
		"suspended": strings.Replace(
			reconciletest.Phi, "{name: phi}", `{name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1,
		),
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("phi.yaml", reconciletest.Phi)
				s.Settle(s.Loop())
				before := s.Kubernetes.Workload("phi")
				s.Changes.Interruption = diag.Fail
				l := s.Loop()
				s.Git.Push("phi.yaml", text)
				writesBefore := len(s.Azure.Written)
				o := s.Passes(l, 8)
				after := s.Kubernetes.Workload("phi")
				if len(s.Azure.Written) != writesBefore || after.Pool != before.Pool || s.Azure.Nodes.Running() != 1 {
					t.Fatalf("not held: %s", s)
				}
				diff(t, "states", map[string]status.State{"phi": status.Ready}, states(o.Reports))
				wantCondition(t, o, "phi", "{Applied False ApplyHeld")
				wantCondition(t, o, "phi", "policy.interruption is fail, and serving would stop")
				if got := blocking(o); !slices.Contains(got, plan.Interrupted) || !o.Settled {
					t.Errorf("findings %v, settled %v", got, o.Settled)
				}
				s.Changes.Interruption = diag.Warn
				s.Passes(s.Loop(), 15)
				if p := o.Plan; p.Workspaces[0].Held == "" || p.Workspaces[0].Op != plan.Hold {
					t.Errorf("%+v", p.Workspaces[0])
				}
				o = s.Pass(s.Loop(), time.Minute)
				if !o.Plan.Empty() || o.Plan.Refused() > 0 {
					t.Errorf("with warn the change is not carried out: %s", s)
				}
			})
		})
	}
}

// TestCostIsHeld: what one change may cost is bounded. A change within the bound is carried out, and so are nodes that
// only come back.
func TestCostIsHeld(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Settle(s.Loop())
		first := s.Owned()[0].Name
		s.Changes.CostDelta, s.Changes.MaxDelta = diag.Fail, 4
		l := s.Loop()

		s.Azure.Lose(first) // 3.67 USD/h come back, which no commit has asked for
		s.Git.Push("b.yaml", reconciletest.Named(onH100, "b"))
		o := s.Passes(l, 15)
		diff(t, "nodes", map[string]int{"Standard_NC24ads_A100_v4": 1}, poolSizes(s))
		wantCondition(t, o, "b", "the change costs 6.98 USD/h more; policy.costDelta.hourly is 4.00")
		if got := blocking(o); !slices.Contains(got, plan.CostRaised) || s.Kubernetes.Workload("b").Name != "" {
			t.Errorf("findings %v, %s", got, s)
		}
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		s.Settle(l)
		diff(t, "nodes", map[string]int{"Standard_NC24ads_A100_v4": 2}, poolSizes(s))

		// A move counts what it costs in the end, and not both pools.
		s.Git.Push("b.yaml", reconciletest.Named(onH100, "b"))
		s.Passes(l, 15)
		diff(t, "nodes", map[string]int{"Standard_NC24ads_A100_v4": 1, "Standard_NC40ads_H100_v5": 1}, poolSizes(s))
	})
}

// TestUnknownQuotaIsHeld asks for nodes while Azure reports no quota.
func TestUnknownQuotaIsHeld(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.UnknownQuota = diag.Fail
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		o := s.Passes(l, 3)
		if len(s.Azure.Written) > 0 || !slices.Contains(blocking(o), plan.QuotaUnknown) {
			t.Errorf("findings %v: %s", blocking(o), s)
		}
		wantCondition(t, o, "phi", "policy.unknownQuota is fail")
		known := capacity.Limit{Max: 100, Known: true}
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Limits.Families = map[string]capacity.Limit{"standardncadsa100v4family": known}
			f.Limits.Regional = known
		})
		s.Settle(l)
	})
}

// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// none counts no requests.
type none struct{}

func (none) Requests() map[string]int64 { return nil }

var (
	phi   = workspace.Key{Namespace: "default", Name: "phi"}
	llama = workspace.Key{Namespace: "team", Name: "llama"}
	start = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
)

func at(d time.Duration) time.Time { return start.Add(d) }

// fleet is a State with one loop, and its Fleet.
func fleet() (*monitoring.State, *monitoring.Fleet) {
	f, s := monitoring.NewFleet("demo"), &monitoring.State{}
	s.Use(monitoring.Loop{
		Name: "demo", Health: components.NewHealth(), Interval: time.Minute, Cluster: none{}, Cloud: none{}, Fleet: f,
	})
	return s, f
}

// outcome is that of a pass at a commit, after which phi serves with it and llama has no quota.
func outcome(commit string, committed time.Time) reconcile.Outcome {
	return reconcile.Outcome{
		Commit: commit, CommittedAt: committed, Carried: true,
		Reports: []*status.Report{
			{Key: phi, State: status.Ready, ObservedCommit: commit, WorkerNodes: []string{"n1"}, HourlyCost: "7.35"},
			{Key: llama, State: status.Pending, Conditions: []status.Condition{
				{Type: status.ResourceReady, Status: "False", Reason: "QuotaExceeded"},
			}},
		},
		Problems: []diag.Diagnostic{diag.Errorf(diag.UnknownField, "x"), diag.Warningf(diag.UnpinnedRevision, "y")},
		Plan: plan.Plan{
			Head: commit,
			Workspaces: []*plan.Workspace{
				{Key: phi, Pool: "wphi", GPUs: 2}, {Key: llama, Pool: "wllama", GPUs: 4},
			},
			Changes: []*plan.Change{
				{Op: plan.Hold, Pool: &capacity.PoolChange{}}, {Op: plan.Hold}, {Op: plan.Hold, Later: true}, {Op: plan.Update},
			},
			Cost: plan.CostChange{Before: capacity.Cost{USD: 7.35, Known: true}},
		},
		Seen: reconcile.Seen{
			Pools: []capacity.LivePool{
				{Name: "wphi", Size: "Standard_NC48ads_A100_v4", Count: 1, Owned: true, State: capacity.Succeeded},
				{Name: "system", Size: "Standard_D4s_v5", Count: 3},
			},
			Quota: capacity.Quota{
				Families: map[string]capacity.Limit{"standardncadsa100v4family": {Used: 24, Max: 48, Known: true}},
				Regional: capacity.Limit{Used: 60, Max: 50, Known: true},
			},
		},
		Took:    map[reconcile.Step]time.Duration{reconcile.StepFetch: 20 * time.Millisecond},
		Objects: []*cluster.Object{},
	}
}

// TestFleet compares the metrics of a pass with what it has shown.
func TestFleet(t *testing.T) {
	s, f := fleet()
	f.Passed(outcome("a", start), start)
	text, err := os.ReadFile("testdata/fleet.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	var names []string
	for line := range strings.Lines(want) {
		if name, is := strings.CutPrefix(line, "# TYPE "); is {
			names = append(names, strings.Fields(name)[0])
		}
	}
	if err := testutil.GatherAndCompare(s.Registry(), strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// TestConventions: names and help follow the conventions of Prometheus.
func TestConventions(t *testing.T) {
	s, f := fleet()
	f.Passed(outcome("a", start), start)
	problems, err := testutil.GatherAndLint(s.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "syncer_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestAges follows commits: those from before the start do not count, each counts once, and a Workspace is ready with
// the commit that it runs.
func TestAges(t *testing.T) {
	s, f := fleet()
	counts := func(when string, pushed, ready string) {
		t.Helper()
		got, err := s.Registry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		is := map[string]string{"syncer_push_to_applied_seconds": "0 0s", "syncer_commit_to_ready_seconds": "0 0s"}
		for _, m := range got {
			if _, asked := is[m.GetName()]; asked {
				h := m.GetMetric()[0].GetHistogram()
				took := time.Duration(h.GetSampleSum() * float64(time.Second))
				is[m.GetName()] = strings.TrimSpace(strings.Repeat("+", int(h.GetSampleCount())) + " " + took.String())
			}
		}
		if a, b := is["syncer_push_to_applied_seconds"], is["syncer_commit_to_ready_seconds"]; a != pushed || b != ready {
			t.Errorf("%s: push to applied %q, commit to ready %q, want %q and %q", when, a, b, pushed, ready)
		}
	}
	f.Passed(outcome("a", at(-time.Hour)), start)
	counts("at the start", "0 0s", "0 0s")

	waiting := outcome("b", at(time.Minute)) // found at once, and refused at first
	waiting.Carried = false
	waiting.Reports[0].ObservedCommit, waiting.Reports[0].DesiredCommit = "a", "b"
	f.Passed(waiting, at(61*time.Second))
	counts("a commit that is refused", "0 0s", "0 0s")

	applied := outcome("b", at(time.Minute))
	applied.Reports[0].State = status.NotReady
	f.Passed(applied, at(65*time.Second))
	counts("a commit that is applied", "+ 5s", "0 0s")
	f.Passed(outcome("b", at(time.Minute)), at(90*time.Second))
	f.Passed(outcome("b", at(time.Minute)), at(95*time.Second))
	counts("a commit that is ready", "+ 5s", "+ 30s")

	same := outcome("c", at(2*time.Minute)) // changes nothing of a Workspace
	same.Unchanged = true
	f.Passed(same, at(125*time.Second))
	later := outcome("b", at(2*time.Minute))
	later.Commit, later.Reports[0].ObservedCommit = "c", "b"
	f.Passed(later, at(130*time.Second))
	counts("a commit that changes nothing", "+ 5s", "+ 30s")
}

// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"bytes"
	"errors"
	"html"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// logged returns a loop and what it logs.
func logged(s *reconciletest.Simulator) (*reconcile.Loop, *bytes.Buffer) {
	var log bytes.Buffer
	parts := s.Parts()
	parts.Log = slog.New(slog.NewTextHandler(&log, nil))
	return reconcile.New(s.Settings(), parts), &log
}

// find returns the report of a Workspace in the namespace default.
func find(t *testing.T, reports []*status.Report, name string) *status.Report {
	t.Helper()
	for _, r := range reports {
		if r.Key == (workspace.Key{Namespace: "default", Name: name}) {
			return r
		}
	}
	t.Fatalf("no report of %s in %v", name, reports)
	return &status.Report{}
}

// wantWords fails the test unless text has all the words.
func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

// more is a Workspace behind a load balancer: its objects change, its size does not.
func more(text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {annotations: {kaito.sh/enablelb: \"true\"}, ", 1)
}

// TestRefusedChange changes a Workspace that is Ready, and has a webhook refuse the new objects.
func TestRefusedChange(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l, log := logged(s)
		s.Settle(l)
		first := s.Git.Tip().Commit

		s.Kubernetes.Refused["phi"] = errors.New(`admission webhook "policy.example.com" denied the request: no`)
		s.Git.Push("phi.yaml", more(reconciletest.Phi))
		second := s.Git.Tip().Commit
		r := find(t, s.Passes(l, 3).Reports, "phi")
		if r.State != status.Ready || r.ObservedCommit != first || r.DesiredCommit != second {
			t.Errorf("state %s, observed %s, desired %s; want Ready, %s, %s",
				r.State, r.ObservedCommit, r.DesiredCommit, first, second)
		}
		wantWords(t, r.NotApplied(),
			"StatefulSet/phi", "denied the request", "commit "+second+" is not carried out", "commit "+first+" runs")
		wantWords(t, string(s.Git.Status()["default/phi.yaml"]), "type: Applied", "desiredCommit: "+second)
		wantWords(t, string(s.Git.Status()["README.md"]), "is not carried out")
		wantWords(t, s.Git.Messages[len(s.Git.Messages)-1], "phi not applied")
		if n := strings.Count(log.String(), "StatefulSet/phi is refused"); n != 1 {
			t.Errorf("the refusal is logged %d times:\n%s", n, log)
		}

		// A commit that leaves phi alone does not take the place of the one that changed it.
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		if r := find(t, s.Passes(l, 3).Reports, "phi"); r.ObservedCommit != first || r.DesiredCommit != second {
			t.Errorf("after another push: observed %s, desired %s", r.ObservedCommit, r.DesiredCommit)
		}
		// So does a restart.
		if r := find(t, s.Passes(s.Loop(), 2).Reports, "phi"); r.ObservedCommit != first || r.DesiredCommit != second {
			t.Errorf("after a restart: observed %s, desired %s", r.ObservedCommit, r.DesiredCommit)
		}

		s.Heal()
		r = find(t, s.Settle(l).Reports, "phi")
		if r.ObservedCommit != second || r.DesiredCommit != "" || r.NotApplied() != "" {
			t.Errorf("after the webhook agrees: observed %s, desired %q, %q", r.ObservedCommit, r.DesiredCommit, r.NotApplied())
		}
	})
}

// TestRevertedChange takes a refused change back: the revert is carried out.
func TestRevertedChange(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Kubernetes.Refused["phi"] = errors.New("denied")
		s.Git.Push("phi.yaml", more(reconciletest.Phi))
		s.Passes(l, 2)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		r := find(t, s.Settle(l).Reports, "phi")
		if r.ObservedCommit != s.Git.Tip().Commit || r.DesiredCommit != "" || r.NotApplied() != "" {
			t.Errorf("observed %s, desired %q, %q", r.ObservedCommit, r.DesiredCommit, r.NotApplied())
		}
	})
}

// TestRefusedGrowth has Azure refuse a pool that a running Workspace is to move to.
func TestRefusedGrowth(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		first := s.Git.Tip().Commit
		refusal := &capacity.CloudError{Class: capacity.ClassQuota, Code: "QuotaExceeded", Message: "no quota is left"}
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Refuse = map[string]*capacity.CloudError{"Standard_NC40ads_H100_v5": refusal}
		})
		s.Git.Push("phi.yaml", strings.Replace(reconciletest.Phi, "Standard_NC24ads_A100_v4", "Standard_NC40ads_H100_v5", 1))
		r := find(t, s.Passes(l, 3).Reports, "phi")
		if r.ObservedCommit != first || r.DesiredCommit != s.Git.Tip().Commit {
			t.Errorf("observed %s, desired %s", r.ObservedCommit, r.DesiredCommit)
		}
		wantWords(t, r.NotApplied(), "commit "+first+" runs")
	})
}

// TestStatusIsRefused has the server refuse status commits: nothing else stops, and the log says so once.
func TestStatusIsRefused(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		l, log := logged(s)
		s.Settle(l)
		s.Git.RecordDown = errors.New("pre-receive hook declined")
		s.Git.Remove("b.yaml")
		s.Passes(l, 20)
		if n := len(s.Owned()); n != 1 || len(s.Kubernetes.Pruned) == 0 {
			t.Errorf("%d pools, pruned %v: deletions stopped", n, s.Kubernetes.Pruned)
		}
		wantWords(t, log.String(), "the status cannot be recorded", "pre-receive hook declined")
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || strings.Contains(log.String(), "git cannot be used") {
			t.Errorf("%d errors:\n%s", n, log)
		}
		health := s.Health.Components()
		if health[components.Status].Err == nil || health[components.Git].Err != nil {
			t.Errorf("health %v", health)
		}
		s.Git.RecordDown = nil
		s.Settle(l)
		wantWords(t, log.String(), "the status is recorded again")
	})
}

// TestStatusErrorEnds has a push fail until nothing is left to record: then the error is over.
func TestStatusErrorEnds(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Git.RecordDown = errors.New("the branch is protected")
		s.Git.Push("broken.yaml", "a: [")
		s.Passes(l, 3)
		if s.Health.Components()[components.Status].Err == nil {
			t.Fatal("no push failed")
		}
		s.Git.Remove("broken.yaml")
		s.Passes(l, 1)
		if err := s.Health.Components()[components.Status].Err; err != nil {
			t.Errorf("still an error: %v", err)
		}
	})
}

// TestDeletionThatDoesNotEnd removes a Workspace whose Service a finalizer keeps: the status says so until it is gone.
func TestDeletionThatDoesNotEnd(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Kubernetes.Finalizers["Service/phi"] = []string{"example.com/cleanup"}
		s.Git.Remove("phi.yaml")
		s.Passes(l, 3)
		files := s.Git.Status()
		wantWords(t, string(files["default/phi.yaml"]), "DeletionPending", "Service/phi", "example.com/cleanup")
		wantWords(t, string(files["README.md"]), "Deletions that do not end", "Service/phi")
		wantWords(t, string(files["objects.yaml"]), "name: Service/phi", "state: Deleting")
		if m := s.Git.Messages[len(s.Git.Messages)-1]; strings.Contains(m, "removed") {
			t.Errorf("the commit says %q", m)
		}
		clear(s.Kubernetes.Finalizers)
		s.Settle(l)
		files = s.Git.Status()
		if files["default/phi.yaml"] != nil || files["objects.yaml"] != nil {
			t.Errorf("after the deletion the status holds %v", files)
		}
	})
}

// TestPoolThatIsNotGivenBack has Azure refuse a deletion: the status says what the pool costs until it is gone.
func TestPoolThatIsNotGivenBack(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Locked = &capacity.CloudError{Class: capacity.ClassPermission, Code: "ScopeLocked", Message: "the scope is locked"}
		})
		s.Git.Remove("phi.yaml")
		s.Passes(l, 10)
		files := s.Git.Status()
		wantWords(t, string(files["README.md"]), "Pools that are not given back", "USD/h", "the scope is locked")
		wantWords(t, string(files["capacity.yaml"]), "notReleased:", "the scope is locked", "hourlyCost:")
		s.Heal()
		s.Advance(time.Hour) // syncer retries the deletion after half an hour
		s.Settle(l)
		if text := string(s.Git.Status()["README.md"]); strings.Contains(text, "not given back") {
			t.Errorf("after the deletion:\n%s", text)
		}
	})
}

// TestStatusSaysWhatThePlanSays compares the status of random states with the plan that a command makes of them: what
// the plan says is held back, short or wrong is in the overview too.
func TestStatusSaysWhatThePlanSays(t *testing.T) {
	said := 0
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			s := reconciletest.Random(t, seed)
			l := s.Loop()
			s.Play(l, 12)
			s.Git.Down, s.Git.RecordDown, s.Kubernetes.Down = nil, nil, nil
			o := s.Passes(l, 1)
			for o.Recorded == "" && o.Plan.Head != "" && l.Dirty() {
				o = s.Passes(l, 1) // progress is gathered before it is recorded
			}
			readme := words(string(s.Git.Status()["README.md"]))
			for _, text := range planSays(o.Plan) {
				said++
				if !strings.Contains(readme, words(text)) {
					t.Errorf("seed %d: the overview does not say %q:\n%s", seed, text, readme)
				}
			}
		})
	}
	if said < 20 {
		t.Errorf("only %d texts were compared", said)
	}
}

// words returns the letters and digits of a text: the overview escapes the others.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, html.UnescapeString(s))
}

// planSays returns what a plan says is held back for longer, short or wrong.
func planSays(p plan.Plan) []string {
	out := slices.Clone(p.Warnings)
	for _, q := range p.Quota {
		out = append(out, q.String())
	}
	for _, d := range p.Problems {
		out = append(out, d.Message)
	}
	for _, c := range p.Changes {
		if c.Op == plan.Hold && c.Object == nil && !c.Later && (c.Pool == nil || c.Pool.Live == nil) {
			out = append(out, c.Reason)
		}
	}
	return out
}

// TestPlainObjectIsRefused has the API server refuse an object that belongs to no Workspace.
func TestPlainObjectIsRefused(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("conf.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {a: b}}")
		s.Kubernetes.Refused[""] = errors.New("namespace default does not exist")
		l, log := logged(s)
		s.Passes(l, 3)
		files := s.Git.Status()
		wantWords(t, string(files["README.md"]), "Objects that are refused", "ConfigMap/conf", "does not exist")
		wantWords(t, string(files["objects.yaml"]), "name: ConfigMap/conf", "source: conf.yaml", "state: Refused")
		if n := strings.Count(log.String(), "ConfigMap/conf is refused"); n != 1 {
			t.Errorf("the refusal is logged %d times:\n%s", n, log)
		}
		s.Heal()
		s.Settle(l)
		if data := s.Git.Status()["objects.yaml"]; data != nil {
			t.Errorf("afterwards:\n%s", data)
		}
	})
}

// TestRefusedStatusIsNotPushedByEachPass has passes follow each other at once, as events start them: the loop tries to
// record again after some time only, and the status stays unhealthy meanwhile.
func TestRefusedStatusIsNotPushedByEachPass(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Git.RecordDown = errors.New("the branch is protected")
		s.Git.Push("broken.yaml", "a: [")
		s.Passes(l, 3) // progress is gathered before it is recorded
		before := s.Git.Pushes
		for range 50 {
			if out := s.Pass(l, 10*time.Millisecond); !out.Retry {
				t.Fatal("the failure is forgotten")
			}
		}
		if n := s.Git.Pushes - before; n != 1 {
			t.Errorf("%d pushes within half a second", n)
		}
		if s.Health.Components()[components.Status].Err == nil {
			t.Error("the status counts as healthy")
		}
		s.Git.RecordDown = nil
		s.Settle(l)
		if err := s.Health.Components()[components.Status].Err; err != nil {
			t.Errorf("still an error: %v", err)
		}
	})
}

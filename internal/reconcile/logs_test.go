// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
)

// TestLogAttributes: the lines of the log have the commit, and those about a Workspace have it, with the reason.
func TestLogAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		var log bytes.Buffer
		parts := s.Parts()
		parts.Log = slog.New(diag.NewJSONLogHandler(&log, nil))
		l := reconcile.New(s.Settings(), parts)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		broken := strings.Replace(reconciletest.Named(reconciletest.Phi, "broken"), "inference:", "infernce:", 1)
		s.Git.Push("broken.yaml", broken)
		s.Kubernetes.Refused["phi"] = errors.New("a webhook refuses it")
		for range 3 {
			s.Pass(l, time.Minute)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(log.String()) {
			var r map[string]any
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if _, ok := r["commit"]; !ok {
				t.Errorf("no commit in %s", line)
			}
			if w, ok := r["workspace"].(string); ok {
				reason, _ := r["reason"].(string)
				seen[w+" "+reason] = true
			}
		}
		for _, want := range []string{"default/phi ApplyFailed", "default/broken UnknownField"} {
			if !seen[want] {
				t.Errorf("no line about %s in\n%s", want, log.String())
			}
		}
	})
}

// TestTook: a pass measures its steps, and one over an unchanged fleet only those that it makes.
func TestTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		l := reconcile.New(s.Settings(), s.Parts())
		s.Git.Push("phi.yaml", reconciletest.Phi)
		first := s.Pass(l, time.Minute)
		for _, step := range []reconcile.Step{
			reconcile.StepFetch, reconcile.StepObserve, reconcile.StepPlan, reconcile.StepApply, reconcile.StepPass,
		} {
			if _, ok := first.Took[step]; !ok {
				t.Errorf("%s is not measured: %v", step, first.Took)
			}
		}
		if first.CommittedAt.IsZero() != (first.Commit == "") && !first.Carried {
			t.Errorf("got %+v", first)
		}
	})
}

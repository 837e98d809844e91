// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
)

// TestUnresolvedReferencesAreLoggedOnce runs several passes with a missing and then with an unreadable ConfigMap.
func TestUnresolvedReferencesAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		s.Git.Push("phi.yaml", reconciletest.Phi+"  config: conf\n")
		answer := cluster.Reference{Presence: cluster.Missing}
		var log bytes.Buffer
		parts := s.Parts()
		parts.Log = slog.New(slog.NewTextHandler(&log, nil))
		parts.Look = func(
			_ context.Context, refs []cluster.Ref, _ time.Time,
		) (map[cluster.Ref]cluster.Reference, error) {
			out := map[cluster.Ref]cluster.Reference{}
			for _, r := range refs {
				out[r] = answer
			}
			return out, nil
		}
		l := reconcile.New(s.Settings(), parts)
		logged := func(text string) {
			t.Helper()
			for range 3 {
				s.Pass(l, time.Minute)
			}
			if n := strings.Count(log.String(), text); n != 1 {
				t.Errorf("three passes logged %q %d times, want once:\n%s", text, n, &log)
			}
		}
		logged("nor in the cluster")
		answer = cluster.Reference{Presence: cluster.Unknown, Why: "not permitted"}
		logged("syncer may not read ConfigMaps in namespace default")
	})
}

// TestErrorOfOneStepIsLoggedOnce makes the status branch read-only: in each pass the fetch succeeds and the push fails.
func TestErrorOfOneStepIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.RecordDown = errors.New("the branch is protected")
		var log bytes.Buffer
		parts := s.Parts()
		parts.Log = slog.New(slog.NewTextHandler(&log, nil))
		l := reconcile.New(s.Settings(), parts)
		count := func(what string, want map[string]int) {
			t.Helper()
			got := map[string]int{}
			for text := range want {
				got[text] = strings.Count(log.String(), text)
			}
			diff(t, what, want, got)
		}
		s.Passes(l, 5)
		count("while pushes fail", map[string]int{"status cannot be recorded": 1, "step=record": 1, "recorded again": 0})
		s.Git.Down = errors.New("no route to host")
		s.Passes(l, 5)
		count("while Git is unreachable", map[string]int{"git cannot be used": 1, "step=fetch": 1, "git answers again": 0})
		s.Git.Down, s.Git.RecordDown = nil, nil
		s.Passes(l, 5)
		count("after both", map[string]int{"git answers again": 1, "recorded again": 1, "level=ERROR": 2})
	})
}

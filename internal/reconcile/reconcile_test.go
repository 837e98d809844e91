// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

// simulate runs a test against a new Simulator, in virtual time.
func simulate(t *testing.T, test func(t *testing.T, s *reconciletest.Simulator)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, reconciletest.New(t)) })
}

// written counts all writes to each part.
type written struct{ Azure, Commits, Pruned int }

func writes(s *reconciletest.Simulator) written {
	return written{Azure: len(s.Azure.Written), Commits: len(s.Git.Messages), Pruned: len(s.Kubernetes.Pruned)}
}

// operations returns the operations on pools, without the names of the pools.
func operations(s *reconciletest.Simulator) []string {
	var out []string
	for _, line := range s.Azure.Written {
		op, _, _ := strings.Cut(line, " ")
		out = append(out, op)
	}
	return out
}

// states returns the state of each Workspace, by name.
func states(reports []*status.Report) map[string]status.State {
	out := map[string]status.State{}
	for _, r := range reports {
		out[r.Key.Name] = r.State
	}
	return out
}

// poolSizes returns the size and the number of nodes of each owned pool.
func poolSizes(s *reconciletest.Simulator) map[string]int {
	out := map[string]int{}
	for _, p := range s.Owned() {
		out[p.Size] += p.Count
	}
	return out
}

// diff fails the test unless got equals want.
func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestPassSettles(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
		before := writes(s)
		again := l.Pass(t.Context(), reconciletest.All)
		diff(t, "writes of a second pass", before, writes(s))
		if again.Changes.Writes() != 0 || again.PoolWrites != 0 {
			t.Errorf("a second pass wrote %v, and %d pools", again.Changes, again.PoolWrites)
		}
		restarted := s.Loop().Pass(t.Context(), reconciletest.All)
		diff(t, "writes after a restart", before, writes(s))
		if restarted.Recorded != "" {
			t.Errorf("a restart recorded %s", restarted.Recorded)
		}
	})
}

func TestTroubleDeletesNothing(t *testing.T) {
	for _, tt := range []struct {
		name      string
		component string
		down      func(*reconciletest.Simulator)
	}{
		{"Git", components.Git, func(s *reconciletest.Simulator) {
			s.Git.Down = reconciletest.ErrDown
			s.Git.Remove("b.yaml")
		}},
		{"Kubernetes", components.Kubernetes, func(s *reconciletest.Simulator) {
			s.Kubernetes.Down = reconciletest.ErrDown
		}},
		{"Azure", components.Azure, func(s *reconciletest.Simulator) {
			s.Azure.Down = reconciletest.ErrDown
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("phi.yaml", reconciletest.Phi)
				s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
				l := s.Loop()
				s.Settle(l)
				before := writes(s)
				tt.down(s)
				for range 3 {
					if o := l.Pass(t.Context(), reconciletest.All); o.Err == nil || !o.Retry {
						t.Fatalf("error %v, retry %t", o.Err, o.Retry)
					}
				}
				after := writes(s)
				after.Commits = before.Commits
				diff(t, "writes", before, after)
				if c := s.Health.Components()[tt.component]; !errors.Is(c.Err, reconciletest.ErrDown) {
					t.Errorf("health: %v", c.Err)
				}
				s.Heal()
				s.Settle(l)
				if c := s.Health.Components()[tt.component]; c.Err != nil {
					t.Errorf("health after recovery: %v", c.Err)
				}
			})
		})
	}
}

func TestObjectsGoBeforeTheirPool(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.AllowEmpty = false
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		l := s.Loop()
		s.Settle(l)
		s.Git.Remove("b.yaml")
		s.Settle(l)
		if len(s.Owned()) != 1 || len(s.Kubernetes.Pruned) != 3 || slices.Index(operations(s), "delete") < 0 {
			t.Errorf("pruned %v: %s", s.Kubernetes.Pruned, s)
		}
		if _, ok := s.Git.Status()["default/b.yaml"]; ok {
			t.Error("the status of a removed Workspace stays")
		}
	})
}

// TestWebhookRefusal lets a webhook refuse the objects of one of two Workspaces.
func TestWebhookRefusal(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Kubernetes.Refused["b"] = errors.New("denied by policy")
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		l := s.Loop()
		o := s.Passes(l, 5)
		if got := states(o.Reports); got["phi"] != status.Ready || got["b"] == status.Ready {
			t.Errorf("states %v", got)
		}
		if text := string(s.Git.Status()["default/b.yaml"]); !strings.Contains(text, "denied by policy") {
			t.Errorf("the status of b does not say why:\n%s", text)
		}
		s.Heal()
		diff(t, "states", map[string]status.State{"b": status.Ready, "phi": status.Ready}, states(s.Settle(l).Reports))
	})
}

// TestLostPool deletes a pool under a server: syncer recreates it.
func TestLostPool(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.LosePool(s.Kubernetes.Workload("phi").Pool)
		if got := states(l.Pass(t.Context(), reconciletest.All).Reports)["phi"]; got == status.Ready {
			t.Error("a server without a pool is Ready")
		}
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
		diff(t, "operations", []string{"create", "create"}, operations(s))
	})
}

func TestProgressIsGatheredAndNewsIsNot(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Nodes.Unready = true
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		l.Pass(t.Context(), reconciletest.All)
		if len(s.Git.Messages) != 0 {
			t.Fatalf("progress was recorded at once: %q", s.Git.Messages)
		}
		s.Advance(11 * time.Second)
		l.Pass(t.Context(), reconcile.Due{})
		if len(s.Git.Messages) != 1 {
			t.Fatalf("commits after the debounce time: %q", s.Git.Messages)
		}
		s.Azure.Nodes.Unready = false
		l.Pass(t.Context(), reconcile.Due{})
		if len(s.Git.Messages) != 2 || !strings.Contains(s.Git.Messages[1], "phi Ready") {
			t.Fatalf("Ready was not recorded at once: %q", s.Git.Messages)
		}
	})
}

// TestRunLooksWhenItMust counts the requests of the loop to Git and Azure in an hour without events, and checks that
// the loop acts on a push at once.
func TestRunLooksWhenItMust(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		ctx, cancel := context.WithCancel(t.Context())
		pushed, done := make(chan struct{}, 1), make(chan struct{})
		go func() {
			l.Run(ctx, reconcile.Events{Source: pushed}, func(reconcile.Outcome) bool { return false })
			close(done)
		}()
		lists := func() (n int) {
			s.Azure.Set(func(f *capacitytest.Fake) { n = f.Lists })
			return n
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		fetchesBefore, listsBefore := s.Git.Fetches(), lists()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := s.Git.Fetches() - fetchesBefore; n < 105 || n > 140 {
			t.Errorf("%d polls of Git in an hour, at 30 s", n)
		}
		if n := lists() - listsBefore; n < 50 || n > 70 {
			t.Errorf("%d lists of pools in an hour without events, at a minute", n)
		}
		before := s.Git.Fetches()
		pushed <- struct{}{}
		synctest.Wait()
		if n := s.Git.Fetches() - before; n != 1 {
			t.Errorf("Git was asked %d times right after a push", n)
		}
		cancel()
		<-done
	})
}

// setQuota sets the quota of the family of Standard_NC24ads_A100_v4.
func setQuota(s *reconciletest.Simulator, used, limit int) {
	s.Azure.Set(func(f *capacitytest.Fake) {
		f.Limits.Families = map[string]capacity.Limit{"standardncadsa100v4family": {Used: used, Max: limit, Known: true}}
	})
}

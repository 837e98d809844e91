// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
)

// TestUnchangedPassesAreShort plays each random sequence twice: once with passes that end at once when nothing has
// changed, and once with passes that always compute everything. Everything that the two write and report is the same.
func TestUnchangedPassesAreShort(t *testing.T) {
	const groups, sequences = 4, 12 / slowdown
	var mu sync.Mutex
	short, passes := 0, 0
	t.Run("sequences", func(t *testing.T) {
		for group := range uint64(groups) {
			t.Run(fmt.Sprint(group), func(t *testing.T) {
				t.Parallel()
				cache := render.NewCache()
				for i := range uint64(sequences) {
					seed := group*sequences + i
					var traces [2]trace
					for which, thorough := range []bool{false, true} {
						synctest.Test(t, func(t *testing.T) { traces[which] = traceOf(t, seed, cache, thorough) })
					}
					if at := firstDifference(traces[0].lines, traces[1].lines); at >= 0 {
						t.Errorf("seed %d: step %d differs:\nshort:    %s\nthorough: %s",
							seed, at, lineAt(traces[0].lines, at), lineAt(traces[1].lines, at))
					}
					if traces[1].short > 0 {
						t.Errorf("seed %d: %d thorough passes were short", seed, traces[1].short)
					}
					mu.Lock()
					short, passes = short+traces[0].short, passes+traces[0].passes
					mu.Unlock()
				}
			})
		}
	})
	if short < passes/10 || short > passes*19/20 {
		t.Errorf("%d of %d passes were short: the comparison shows too little", short, passes)
	}
}

// trace is what one run of a sequence does and says.
type trace struct {
	lines         []string
	passes, short int
}

// traceOf plays the sequence of a seed: random events, each with some passes, of which some observe little, and a long
// time without events at the end.
func traceOf(t *testing.T, seed uint64, cache *render.Cache, thorough bool) trace {
	t.Helper()
	s := reconciletest.Random(t, seed)
	s.Cache = cache
	rng := s.Rand()
	settings := s.Settings()
	settings.Thorough = thorough
	l := reconcile.New(settings, s.Parts())
	var out trace
	pass := func(due reconcile.Due, wait time.Duration) {
		o := l.Pass(t.Context(), due)
		out.passes++
		if o.Unchanged {
			out.short++
		}
		out.lines = append(out.lines, said(s, o))
		s.Advance(wait)
	}
	for range 14 {
		if rng.IntN(3) > 0 { // otherwise only the time passes
			s.Event()
		}
		if rng.IntN(10) == 0 {
			l = reconcile.New(settings, s.Parts())
		}
		for range rng.IntN(6) {
			pass(reconcile.Due{Source: rng.IntN(3) > 0, Cloud: rng.IntN(3) > 0}, s.Moment())
		}
	}
	s.Heal()
	s.Git.Repair()
	for range 40 {
		pass(reconciletest.All, 5*time.Minute)
	}
	return out
}

// said is what a pass has written until now, and what it reports.
func said(s *reconciletest.Simulator, o reconcile.Outcome) string {
	var reports []string
	for _, r := range o.Reports {
		reports = append(reports, string(r.YAML()))
	}
	return fmt.Sprintln(len(s.Azure.Written), s.Azure.Written[max(0, len(s.Azure.Written)-3):],
		len(s.Git.Messages), len(s.Kubernetes.Pruned), len(s.Kubernetes.Refs()),
		o.Commit, o.Plan.Head, o.PoolWrites, o.Changes.Writes(), o.Recorded, o.InFlight, o.Retry, o.Settled, o.Err != nil,
		len(o.Plan.Changes), len(o.Problems), reports, states(o.Reports), len(s.Git.Status()))
}

func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if lineAt(a, i) != lineAt(b, i) {
			return i
		}
	}
	return -1
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// TestShortPass settles a fleet: the next passes end at once, one after a commit that changes no input too, and a
// change of anything that a pass reads ends that.
func TestShortPass(t *testing.T) {
	for name, change := range map[string]func(*reconciletest.Simulator){
		"a push": func(s *reconciletest.Simulator) {
			s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		},
		"a pool goes":    func(s *reconciletest.Simulator) { s.LosePool(s.Owned()[0].Name) },
		"an object goes": func(s *reconciletest.Simulator) { s.Kubernetes.Lose("Service/phi") },
		"a pod of others": func(s *reconciletest.Simulator) {
			s.Azure.Nodes.AddForeign("other/pod", s.Azure.Fake.Nodes()[s.Owned()[0].Name][0])
		},
		"more quota":  func(s *reconciletest.Simulator) { setQuota(s, 0, 100); s.Advance(time.Hour) },
		"Git is away": func(s *reconciletest.Simulator) { s.Git.Down = reconciletest.ErrDown },
		"Azure is away": func(s *reconciletest.Simulator) {
			s.Azure.Down = reconciletest.ErrDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("phi.yaml", reconciletest.Phi)
				l := s.Loop()
				s.Settle(l)
				s.Pass(l, time.Second)
				s.Git.Push("phi.yaml", reconciletest.Phi) // another commit, the same content
				for range 3 {
					o := s.Pass(l, time.Second)
					if !o.Unchanged || !o.Settled || o.Commit != s.Git.Tip().Commit || o.Plan.Head != o.Commit ||
						len(o.Reports) != 1 || o.Reports[0].State != status.Ready {
						t.Fatalf("unchanged %t, settled %t, commit %s, reports %v", o.Unchanged, o.Settled, o.Commit, o.Reports)
					}
				}
				if o := l.Pass(t.Context(), reconcile.Due{Everything: true}); o.Unchanged {
					t.Error("a pass that is to compute everything does not")
				}
				change(s)
				if o := s.Pass(l, time.Second); o.Unchanged {
					t.Error("the pass does not see it")
				}
			})
		})
	}
}

// TestOneCommitForWhatChangesAtOnce has the cluster send events in quick succession: they start one pass.
func TestOneCommitForWhatChangesAtOnce(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Azure.Nodes.Unready = true
		for i := range 20 {
			name := fmt.Sprintf("phi-%02d", i)
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
		}
		l := s.Loop()
		s.Passes(l, 60)
		commits := len(s.Git.Messages)
		events, done := make(chan struct{}), make(chan struct{})
		go func() {
			l.Run(t.Context(), reconcile.Events{Cluster: events}, func(o reconcile.Outcome) bool {
				return slices.Contains(slices.Collect(maps.Values(states(o.Reports))), status.Ready)
			})
			close(done)
		}()
		synctest.Wait()
		s.Azure.Nodes.Unready = false
		for range 20 {
			events <- struct{}{}
			time.Sleep(time.Millisecond)
		}
		<-done
		if n := len(s.Git.Messages) - commits; n != 1 {
			t.Errorf("%d commits: %q", n, s.Git.Messages[commits:])
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package journey_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/journey"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/redact/redacttest"
	"syncer.dev/syncer/internal/render"
)

// road is a loop whose passes a Follower sees.
type road struct {
	t     *testing.T
	s     *reconciletest.Simulator
	loop  *reconcile.Loop
	f     *journey.Follower
	spans []journey.Span
	first time.Time
}

func newRoad(t *testing.T) *road {
	r := &road{t: t, s: reconciletest.New(t), first: time.Now()}
	r.restart()
	return r
}

// restart lets another process continue.
func (r *road) restart() { r.loop, r.f = r.s.Loop(), journey.New("demo", "main") }

// pass runs one pass, and lets 20 seconds go by.
func (r *road) pass() reconcile.Outcome {
	o := r.loop.Pass(r.t.Context(), reconciletest.All)
	o.Subject = "commit number " + o.Commit[1:]
	r.spans = append(r.spans, r.f.Passed(o, time.Now())...)
	r.s.Advance(20 * time.Second)
	return o
}

// settle runs passes until nothing is left to do, and one more.
func (r *road) settle() {
	r.t.Helper()
	for range 90 {
		if r.pass().Settled {
			r.pass()
			return
		}
	}
	r.t.Fatalf("the loop does not settle: %s", r.s)
}

// trees renders the traces, in the order of their first spans, with seconds since the beginning of the test.
func (r *road) trees() string {
	var b strings.Builder
	var traces [][16]byte
	for _, s := range r.spans {
		if !slices.Contains(traces, s.Trace) {
			traces = append(traces, s.Trace)
		}
	}
	at := func(t time.Time) int { return int(t.Sub(r.first).Seconds()) }
	for _, trace := range traces {
		of := slices.DeleteFunc(slices.Clone(r.spans), func(s journey.Span) bool { return s.Trace != trace })
		slices.SortStableFunc(of, func(x, y journey.Span) int {
			if x.Parent == ([8]byte{}) || y.Parent == ([8]byte{}) {
				return map[bool]int{true: -1, false: 1}[x.Parent == [8]byte{}]
			}
			return x.Start.Compare(y.Start)
		})
		for _, s := range of {
			if s.Parent != ([8]byte{}) {
				b.WriteString("  ")
			}
			fmt.Fprintf(&b, "%s %d..%d", s.Name, at(s.Start), at(s.End))
			for _, a := range s.Attributes {
				fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
			}
			if s.Failed != "" {
				fmt.Fprintf(&b, " FAILED %s", s.Failed)
			}
			for _, e := range s.Events {
				fmt.Fprintf(&b, " (%d %s", at(e.At), e.Name)
				for _, a := range e.Attributes {
					fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
				}
				b.WriteString(")")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// check compares the traces with the golden file, and looks at their identifiers: one whole way a trace, which all
// other spans name as their parent, and no span twice.
func (r *road) check(name string) {
	r.t.Helper()
	golden.Equal(r.t, "testdata/"+name+".txt", r.trees())
	roots, seen := map[[16]byte][8]byte{}, map[string]bool{}
	for _, s := range r.spans {
		if id := string(s.Trace[:]) + string(s.ID[:]); seen[id] {
			r.t.Errorf("two spans have one identifier: %+v", s)
		} else {
			seen[id] = true
		}
		if s.Parent == ([8]byte{}) {
			if _, twice := roots[s.Trace]; twice {
				r.t.Errorf("a second end of %v", s.Attributes)
			}
			roots[s.Trace] = s.ID
		}
	}
	for _, s := range r.spans {
		if root := roots[s.Trace]; s.Parent != ([8]byte{}) && s.Parent != root {
			r.t.Errorf("%s has another parent than the whole way", s.Name)
		}
	}
}

// TestToReady: a new Workspace, from the push until it is served. A commit that changes nothing leaves no trace.
func TestToReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.pass()
		r.s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 2 * time.Minute })
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.settle()
		before := len(r.spans)
		r.s.Git.PushAllowing(0)
		r.settle()
		if len(r.spans) != before {
			t.Errorf("a commit that changes nothing leaves %d spans", len(r.spans)-before)
		}
		r.check("ready")
	})
}

// TestRestart: a process that continues adds to the same trace, and the whole way is sent once.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.pass()
		r.s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 2 * time.Minute })
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.pass()
		r.pass()
		r.restart()
		r.settle()
		r.check("restart")
		r.restart()
		before := len(r.spans)
		r.settle()
		if len(r.spans) != before {
			t.Errorf("a restart with nothing on its way leaves %d spans", len(r.spans)-before)
		}
	})
}

// TestOvertaken: a newer commit changes what is on its way. The older way ends there.
func TestOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.pass()
		r.s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 2 * time.Minute })
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.pass()
		r.s.Git.Push("phi.yaml", strings.Replace(reconciletest.Phi, "app: phi", "app: other", 1))
		r.pass()
		r.s.Git.Push("phi.yaml", r.s.Git.File("phi.yaml")+"---\n"+reconciletest.Named(reconciletest.Phi, "second"))
		r.pass()
		r.s.Git.Remove("phi.yaml")
		r.settle()
		r.check("overtaken")
	})
}

// TestFailed: a file that is not valid ends the way at once, and the commit that repairs it has its own.
func TestFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.settle()
		r.spans = nil
		r.s.Git.Break("phi.yaml")
		r.pass()
		r.s.Git.Repair()
		r.settle()
		r.check("failed")
	})
}

// TestRefused: the error of an object is in the span, without what may be a secret.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.pass()
		r.s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 2 * time.Minute })
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.s.Kubernetes.Refused = map[string]error{"phi": fmt.Errorf("a webhook says: %s", redacttest.Text())}
		r.pass()
		r.pass()
		text := r.trees()
		redacttest.Look(t, "a trace", text)
		if !strings.Contains(text, "syncer.result=failed") {
			t.Errorf("no failure in\n%s", text)
		}
	})
}

// TestRollout: a commit that changes presets alone restarts all servers, one after the other.
func TestRollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.s.Cache = render.NewCache()
		for _, name := range []string{"a", "b", "c"} {
			r.s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
		}
		r.s.Rollout = rollout.Limit{Count: 1}
		r.restart()
		r.settle()
		r.spans = nil
		r.s.Presets = reconciletest.OtherPresets("1")
		r.s.Git.Push("README.md", "other presets") // the presets of the Simulator are in no commit
		r.settle()
		r.check("rollout")
	})
}

// TestLimit: what waits for a place is on its way until it has one, also for another process with another limit.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.settle()
		r.spans = nil
		r.s.Azure.Limits.Nodes = 1
		r.restart()
		r.pass()
		r.s.Git.Push("second.yaml", reconciletest.Named(reconciletest.Phi, "second"))
		for range 5 {
			r.pass()
		}
		if text := r.trees(); strings.Contains(text, "commit ") {
			t.Errorf("the way has ended:\n%s", text)
		}
		r.s.Azure.Limits.Nodes = 2
		r.restart()
		r.settle()
		r.check("limit")
	})
}

// TestBounded: commits that never reach their end do not pile up.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t)
		r.s.Git.Push("phi.yaml", reconciletest.Phi)
		r.settle()
		r.spans = nil
		r.s.Azure.Limits.Nodes = 1
		r.restart()
		r.pass()
		for i := range 105 {
			name := fmt.Sprintf("m%d", i)
			r.s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
			r.pass()
		}
		if n := strings.Count(r.trees(), "syncer.result=abandoned"); n != 10 { // five, each with its Workspace
			t.Errorf("%d spans are abandoned, want 10", n)
		}
	})
}

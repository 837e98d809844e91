// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
)

var letters = strings.Split("abcdefghij", "")

// fleet lets a number of Workspaces of one preset serve, named a, b, c and so on, and sets how many may restart at
// once.
func fleet(t *testing.T, s *reconciletest.Simulator, count int, limit rollout.Limit) {
	t.Helper()
	s.Cache = render.NewCache()
	for _, name := range letters[:count] {
		s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
	}
	s.Settle(s.Loop())
	s.Rollout = limit
}

// rolled are the servers that restarted, in their order, and the most at once.
type rolled struct {
	Order []string
	Most  int
}

// roll runs passes, and looks after each at which servers are interrupted. another returns the loop of the next pass.
func roll(
	s *reconciletest.Simulator, t *testing.T, passes int, another func() *reconcile.Loop,
) (rolled, reconcile.Outcome) {
	t.Helper()
	var out rolled
	var o reconcile.Outcome
	for range passes {
		l := another()
		o = l.Pass(t.Context(), reconciletest.All)
		down := s.Kubernetes.Interrupted()
		out.Most = max(out.Most, len(down))
		for _, name := range down {
			if !slices.Contains(out.Order, name) {
				out.Order = append(out.Order, name)
			}
		}
		s.Advance(20 * time.Second)
	}
	return out, o
}

func same(l *reconcile.Loop) func() *reconcile.Loop { return func() *reconcile.Loop { return l } }

// TestRollOut upgrades syncer, which restarts ten servers: one after another, also where each pass is of another
// process, and where the status branch is lost on the way.
func TestRollOut(t *testing.T) {
	for name, another := range map[string]func(*reconciletest.Simulator) func() *reconcile.Loop{
		"one process":          func(s *reconciletest.Simulator) func() *reconcile.Loop { return same(s.Loop()) },
		"a process for a pass": func(s *reconciletest.Simulator) func() *reconcile.Loop { return s.Loop },
		"without a status branch": func(s *reconciletest.Simulator) func() *reconcile.Loop {
			return func() *reconcile.Loop {
				for file := range s.Git.Status() {
					s.Git.Forge(file, func(string) string { return "" })
				}
				return s.Loop()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				fleet(t, s, 10, rollout.Limit{Count: 1})
				s.Presets = reconciletest.OtherPresets("1")
				got, o := roll(s, t, 40, another(s))
				diff(t, "restarted", rolled{letters, 1}, got)
				if !o.Settled || !o.Plan.Empty() {
					t.Errorf("settled %t, %s", o.Settled, s)
				}
			})
		})
	}
}

// TestRollOutWords: status and plan name the Workspace that another one waits for, and this passes.
func TestRollOutWords(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 3, rollout.Limit{Count: 1})
		s.Presets = reconciletest.OtherPresets("1")
		l := s.Loop()
		o := l.Pass(t.Context(), reconciletest.All)
		wantCondition(t, o, "b", "{Applied False RolloutWaiting waits for default/a (rollout.maxInterrupted: 1)")
		wantCondition(t, o, "c", "{Applied False RolloutWaiting waits for default/b (rollout.maxInterrupted: 1)")
		if o.Settled || o.Plan.Refused() > 0 || o.Plan.Verdict().Outcome == plan.Blocked {
			t.Errorf("settled %t, refused %d, %+v", o.Settled, o.Plan.Refused(), o.Plan.Verdict())
		}
		told := slices.ContainsFunc(o.Plan.Findings, func(f plan.Finding) bool {
			return f.Kind == plan.RolledOut && f.Text ==
				"3 serving Workspaces restart, one after another, each healthy before the next (rollout.maxInterrupted: 1)"
		})
		if !told {
			t.Errorf("findings %+v", o.Plan.Findings)
		}
		_, o = roll(s, t, 12, same(l))
		for _, r := range o.Reports {
			if text := r.NotApplied(); text != "" {
				t.Errorf("%s: %s", r.Key, text)
			}
		}
	})
}

// TestRollOutOfAPreset edits a preset of the repository: some at a time, by a count and by a part.
func TestRollOutOfAPreset(t *testing.T) {
	for name, tt := range map[string]struct {
		limit rollout.Limit
		most  int
	}{
		"one":        {rollout.Limit{Count: 1}, 1},
		"three":      {rollout.Limit{Count: 3}, 3},
		"20 percent": {rollout.Limit{Percent: 20}, 2},
		"1 percent":  {rollout.Limit{Percent: 1}, 1},
		"off":        {rollout.Limit{}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				fleet(t, s, 10, tt.limit)
				pushPreset(t, s, "64")
				got, o := roll(s, t, 40, same(s.Loop()))
				if got.Most != tt.most || len(got.Order) != 10 || !o.Settled {
					t.Errorf("%d at once, %v, settled %t: %.600s", got.Most, got.Order, o.Settled, fmt.Sprint(o.Problems))
				}
			})
		})
	}
}

// pushPreset pushes a preset of the repository, with a value of a flag that the built-in one does not have; "" for
// none.
func pushPreset(t *testing.T, s *reconciletest.Simulator, value string) {
	t.Helper()
	const file = "models/phi-4-mini-instruct/preset.yaml"
	data, err := fs.ReadFile(reconciletest.Presets(), file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if value != "" {
		text = edited(t, text, value)
	}
	s.Git.Push("presets/"+file, text)
	for path, f := range reconciletest.Presets().(fstest.MapFS) {
		if below, ok := strings.CutPrefix(path, "models/phi-4-mini-instruct/"); ok && below != "preset.yaml" {
			s.Git.Push("presets/"+path, string(f.Data))
		}
	}
}

// flag is one that the preset does not have.
const flag = "max-num-seqs"

// edited returns a preset with a value of the flag.
func edited(t *testing.T, preset, value string) string {
	t.Helper()
	const was = `enable-auto-tool-choice: ""`
	if !strings.Contains(preset, was) {
		t.Fatalf("the preset has no %s", was)
	}
	return strings.Replace(preset, was, fmt.Sprintf("%s\n    %s: %q", was, flag, value), 1)
}

// TestRollOutStops: the third of ten fails. The others stay as they are, until another preset mends it: it goes at
// once, and the others follow.
func TestRollOutStops(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 10, rollout.Limit{Count: 1})
		s.Kubernetes.Crash = map[string]string{"c": "map[name:VLLM_USE_DEEP_GEMM value:1]"}
		s.Presets = reconciletest.OtherPresets("1")
		got, o := roll(s, t, 20, same(s.Loop()))
		diff(t, "restarted", rolled{[]string{"a", "b", "c"}, 1}, got)
		for _, name := range letters[3:] {
			wantCondition(t, o, name, "{Applied False RolloutStopped the roll-out stopped at default/c: "+
				"ContainerCrashLoopBackOff (rollout.maxInterrupted: 1)")
		}
		if v := o.Plan.Verdict(); v.Outcome != plan.Blocked || o.Plan.Refused() != 7 {
			t.Errorf("%+v, refused %d", v, o.Plan.Refused())
		}
		before := writes(s)
		roll(s, t, 3, s.Loop)
		diff(t, "writes while it is stopped", before, writes(s))

		s.Presets = reconciletest.OtherPresets("2")
		got, o = roll(s, t, 50, s.Loop)
		diff(t, "restarted", rolled{append([]string{"c"}, append([]string{"a", "b"}, letters[3:]...)...), 1}, got)
		if !o.Settled {
			t.Errorf("not settled: %s", s)
		}
	})
}

// TestRollOutStopsAtTheFirst: the first of ten fails, and no other restarts, also in another process. Each of them says
// so, and so does the plan.
func TestRollOutStopsAtTheFirst(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 10, rollout.Limit{Count: 1})
		s.Kubernetes.Crash = map[string]string{"a": "map[name:VLLM_USE_DEEP_GEMM value:1]"}
		s.Presets = reconciletest.OtherPresets("1")
		got, _ := roll(s, t, 20, same(s.Loop()))
		diff(t, "restarted", rolled{[]string{"a"}, 1}, got)
		got, o := roll(s, t, 10, s.Loop)
		diff(t, "restarted by other processes", rolled{[]string{"a"}, 1}, got)
		for _, name := range letters[1:] {
			wantCondition(t, o, name, "{Applied False RolloutStopped the roll-out stopped at default/a: "+
				"ContainerCrashLoopBackOff (rollout.maxInterrupted: 1)")
		}
		if v := o.Plan.Verdict(); v.Outcome != plan.Blocked || o.Plan.Refused() != 9 {
			t.Errorf("%+v, refused %d", v, o.Plan.Refused())
		}
		if text := file(s, "default/b.yaml"); !strings.Contains(text, "the roll-out stopped at default/a") {
			t.Errorf("the status branch does not say so:\n%s", text)
		}
	})
}

// TestRollOutIsOvertaken edits a preset of the repository again in the middle of a roll-out, or takes the edit back:
// all end with the last version, what never left it does not restart, and never are two down at once.
func TestRollOutIsOvertaken(t *testing.T) {
	for name, tt := range map[string]struct {
		last  string   // the flag; "" without it
		order []string // of those that restart after the last edit
	}{
		"another edit": {flag + "=32", letters},
		"taken back":   {"", letters[:4]},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				pushPreset(t, s, "")
				fleet(t, s, 10, rollout.Limit{Count: 1})
				pushPreset(t, s, "64")
				l, begun := s.Loop(), rolled{}
				for len(begun.Order) < 4 { // until the fourth is down
					got, _ := roll(s, t, 1, same(l))
					begun.Most = max(begun.Most, got.Most)
					if at := got.Order; len(at) > 0 && !slices.Contains(begun.Order, at[0]) {
						begun.Order = append(begun.Order, at[0])
					}
				}
				diff(t, "restarted", rolled{letters[:4], 1}, begun)
				pushPreset(t, s, strings.TrimPrefix(tt.last, flag+"="))
				got, o := roll(s, t, 60, same(l))
				slices.Sort(got.Order)
				diff(t, "restarted after the edit", rolled{tt.order, 1}, got)
				if !o.Settled || !o.Plan.Empty() {
					t.Errorf("settled %t, %s", o.Settled, s)
				}
				for _, name := range letters {
					text := reconciletest.PodTemplate(s.Kubernetes.Live("StatefulSet/" + name))
					if strings.Contains(text, flag) != (tt.last != "") || !strings.Contains(text, tt.last) {
						t.Errorf("%s has another version: %.2000s", name, text)
					}
				}
			})
		})
	}
}

// TestRollOutOfOne: a failure stops neither the commit of another team for another preset, nor what does not serve.
func TestRollOutOfOne(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		other := reconciletest.Named(reconciletest.Phi, "z")
		other = strings.ReplaceAll(other, "phi-4-mini-instruct", "phi-3-mini-128k-instruct")
		s.Git.Push("z.yaml", other)
		fleet(t, s, 3, rollout.Limit{Count: 1})
		s.Kubernetes.Crash = map[string]string{"a": "", "n": ""}
		l := s.Loop()
		throughput := func(text, name string) string {
			return strings.Replace(text, "{name: "+name+"}",
				"{name: "+name+", annotations: {kaito.sh/performance-mode: throughput}}", 1)
		}
		s.Git.Push("a.yaml", throughput(reconciletest.Named(reconciletest.Phi, "a"), "a"))
		s.Git.Push("n.yaml", reconciletest.Named(reconciletest.Phi, "n")) // it never serves
		roll(s, t, 12, same(l))
		s.Git.Push("b.yaml", throughput(reconciletest.Named(reconciletest.Phi, "b"), "b"))
		s.Git.Push("n.yaml", throughput(reconciletest.Named(reconciletest.Phi, "n"), "n"))
		s.Git.Push("z.yaml", throughput(other, "z"))
		_, o := roll(s, t, 6, same(l))
		wantCondition(t, o, "b", "the roll-out stopped at default/a")
		for _, name := range []string{"n", "z"} {
			i := slices.IndexFunc(o.Reports, func(r *status.Report) bool { return r.Key.Name == name })
			if text := o.Reports[i].NotApplied(); text != "" {
				t.Errorf("%s: %s", name, text)
			}
		}
		s.Kubernetes.Crash = map[string]string{"n": ""}
		_, o = roll(s, t, 8, same(l))
		diff(t, "states", map[string]status.State{
			"a": status.Ready, "b": status.Ready, "c": status.Ready, "n": status.Pending, "z": status.Ready,
		}, states(o.Reports))
	})
}

// TestRollOutMoves gives five servers another size: one pool after another.
func TestRollOutMoves(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 5, rollout.Limit{Count: 1})
		for _, name := range letters[:5] {
			s.Git.Push(name+".yaml", reconciletest.Named(onH100, name))
		}
		l := s.Loop()
		most := 0
		for range 150 {
			l.Pass(t.Context(), reconciletest.All)
			most = max(most, len(s.Kubernetes.Interrupted()))
			made := 0
			for _, p := range s.Owned() {
				if p.Size == "Standard_NC40ads_H100_v5" && s.Kubernetes.Workload(p.Workspace.Name).Pool != p.Name {
					made++
				}
			}
			if made > 1 {
				t.Fatalf("%d pools are made at once: %s", made, s)
			}
			s.Advance(20 * time.Second)
		}
		if most != 1 {
			t.Errorf("%d are interrupted at once", most)
		}
		diff(t, "nodes", map[string]int{"Standard_NC40ads_H100_v5": 5}, poolSizes(s))
		s.CheckSettled(l)
	})
}

// TestRollOutOfAConfigMap changes a ConfigMap that three servers name. It changes at once, and they follow one by one.
func TestRollOutOfAConfigMap(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		config := func(length int) string {
			return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n"+
				"  inference_config.yaml: |\n    vllm: {max-model-len: %d}\n", length)
		}
		s.Git.Push("conf.yaml", config(4096))
		for _, name := range letters[:3] {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name)+"  config: conf\n")
		}
		s.Settle(s.Loop())
		s.Rollout = rollout.Limit{Count: 1}
		s.Git.Push("conf.yaml", config(2048))
		got, o := roll(s, t, 15, same(s.Loop()))
		diff(t, "restarted", rolled{letters[:3], 1}, got)
		if !o.Settled {
			t.Errorf("not settled: %s", s)
		}
	})
}

// TestRollOutOfNothing changes what restarts no pod, of all servers in one pass.
func TestRollOutOfNothing(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		fleet(t, s, 5, rollout.Limit{Count: 1})
		for _, name := range letters[:5] {
			s.Git.Push(name+".yaml", strings.Replace(reconciletest.Named(reconciletest.Phi, name), "{name: "+name+"}",
				"{name: "+name+`, annotations: {kaito.sh/enablelb: "True"}}`, 1))
		}
		o := s.Loop().Pass(t.Context(), reconciletest.All)
		if down := s.Kubernetes.Interrupted(); len(down) > 0 || o.Changes.Writes() < 5 {
			t.Errorf("%v are interrupted, %v", down, o.Changes)
		}
		for _, r := range o.Reports {
			if text := r.NotApplied(); text != "" {
				t.Errorf("%s: %s", r.Key, text)
			}
		}
	})
}

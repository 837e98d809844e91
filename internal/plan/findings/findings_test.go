// SPDX-License-Identifier: Apache-2.0

package findings_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	_ "embed"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

//go:embed testdata/changes.txtar
var changesArchive []byte

// warnings is the policy of an empty configuration.
func warnings() desired.ChangePolicy {
	return desired.ChangePolicy{
		Deletion:         diag.Warn,
		Interruption:     diag.Warn,
		UnknownQuota:     diag.Warn,
		UnpinnedRevision: diag.Warn,
		CostDelta:        diag.Warn,
		MaxDelta:         10,
		Mass:             mass.Policy{Count: 10, Percent: 50},
	}
}

// failures is the strictest policy.
func failures() desired.ChangePolicy {
	return desired.ChangePolicy{
		Deletion:         diag.Fail,
		Interruption:     diag.Fail,
		UnknownQuota:     diag.Fail,
		UnpinnedRevision: diag.Fail,
		CostDelta:        diag.Fail,
		MaxDelta:         1,
	}
}

// test is one comparison of two trees.
type test struct {
	base, head fstest.MapFS
	policy     desired.Policy
	live       engine.Live
}

// cache is shared: most Workspaces of the cases are alike.
var cache = render.NewCache()

// plan makes the plan of a test, by the only composition that there is.
func (x test) plan(t *testing.T) plan.Plan {
	t.Helper()
	x.policy.Cluster, x.policy.Region, x.policy.Prune = "demo", "eastus", true
	e := engine.New(engine.Settings{
		Policy: x.policy,
		Live:   x.live,
		Read: func(r engine.Revision) (desired.Input, error) {
			env := workspace.Env{
				UnpinnedRevision: x.policy.Changes.UnpinnedRevision,
				Pool:             &workspace.PoolFacts{Cluster: "demo", Region: "eastus"},
			}
			return desired.Read(r.Files, presets.FS, load.Options{Pods: x.policy.Pods}, env, cache)
		},
	}, nil)
	p, err := e.Between(t.Context(), revision("base", x.base), revision("head", x.head))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func revision(commit string, files fstest.MapFS) engine.Revision {
	return engine.Revision{Commit: commit, Inputs: commit, Files: fs.FS(files)}
}

// trees returns the trees of each case: files are named CASE/base/FILE, CASE/head/FILE, or CASE/both/FILE.
func trees(t *testing.T) map[string]test {
	t.Helper()
	out := map[string]test{}
	for _, f := range txtar.Parse(changesArchive).Files {
		parts := strings.SplitN(f.Name, "/", 3)
		if len(parts) < 3 {
			t.Fatalf("%s is not CASE/SIDE/FILE", f.Name)
		}
		x, ok := out[parts[0]]
		if !ok {
			x = test{base: fstest.MapFS{}, head: fstest.MapFS{}}
			x.policy.Changes = warnings()
		}
		file := &fstest.MapFile{Data: f.Data}
		if parts[1] != "head" {
			x.base[parts[2]] = file
		}
		if parts[1] != "base" {
			x.head[parts[2]] = file
		}
		out[parts[0]] = x
	}
	return out
}

// describe prints the verdict and the findings.
func describe(b *strings.Builder, name string, p plan.Plan) {
	v := p.Verdict()
	fmt.Fprintf(b, "# %s\n%s (%s)\n", name, v.Line, v.Outcome)
	for _, f := range p.Findings {
		of := ""
		if f.Workspace != (workspace.Key{}) {
			of = f.Workspace.Name + ": "
		}
		fmt.Fprintf(b, "  %s %s: %s%s\n", f.Verdict, f.Kind, of, f.Text)
		if f.Hint != "" {
			fmt.Fprintf(b, "    hint: %s\n", f.Hint)
		}
	}
	b.WriteString("\n")
}

// TestFindings has a change for each idea that a reviewer must be told of. Read testdata/findings.txt.
func TestFindings(t *testing.T) {
	var b strings.Builder
	cases := trees(t)
	seen := map[plan.FindingKind]bool{}
	add := func(name string, x test) plan.Plan {
		p := x.plan(t)
		describe(&b, name, p)
		for _, f := range p.Findings {
			seen[f.Kind] = true
		}
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		add(name, cases[name])
	}
	for _, name := range []string{"deletion", "size", "suspended", "unpinned"} {
		strict := cases[name]
		strict.policy.Changes = failures()
		if p := add(name+", where each policy is fail", strict); p.Verdict().Outcome != plan.Blocked {
			t.Errorf("%s: %+v", name, p.Verdict())
		}
	}
	for _, limit := range []rollout.Limit{{Count: 1}, {Count: 2}, {Percent: 10}, {Count: 3}} {
		some := cases["rollout"]
		some.policy.Rollout = limit
		add("rollout, "+limit.String(), some)
	}
	one := cases["two"]
	one.policy.Limits = capacity.Limits{Nodes: 1}
	add("two, with a limit of one node", one)
	refused := cases["template"]
	refused.policy.Pods = podpolicy.Policy{Level: podpolicy.Restricted}
	add("template, with restricted pods", refused)
	for _, name := range slices.Sorted(maps.Keys(lives())) {
		x := cases["size"]
		x.live = lives()[name]
		add("size, "+name, x)
	}
	golden.Equal(t, "testdata/findings.txt", b.String())

	later := []plan.FindingKind{plan.NotReviewed, plan.WorseThanReviewed} // of package reviewed
	for _, kind := range plan.FindingKinds() {
		if !seen[kind] && !slices.Contains(later, kind) {
			t.Errorf("no case has %s", kind)
		}
	}
}

// lives are what may be known of Azure, by what it says.
func lives() map[string]engine.Live {
	const h100, a100 = "standardncadsh100v5family", "standardncadsa100v4family"
	known := func(used, limit int) capacity.Limit { return capacity.Limit{Used: used, Max: limit, Known: true} }
	asked := findings.Asked{Azure: true, ClusterWhy: "the cluster was not asked"}
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	refused := unavailable.New([]unavailable.Entry{{
		Size:     "Standard_NC40ads_H100_v5",
		Reason:   "Azure has no Standard_NC40ads_H100_v5 right now",
		Failures: 1,
		Since:    now.Add(-time.Minute),
		Until:    now.Add(time.Hour),
	}})
	enough := capacity.Quota{
		Families: map[string]capacity.Limit{h100: known(0, 100), a100: known(24, 24)},
		Regional: known(24, 200),
		Spot:     known(0, 0),
	}
	short := enough
	short.Families = map[string]capacity.Limit{h100: known(20, 36), a100: known(24, 24)}
	return map[string]engine.Live{
		"and Azure has the quota": {Asked: asked, Quota: enough, Now: now},
		"and the quota is short":  {Asked: asked, Quota: short, Now: now},
		"and Azure does not report the quota": {
			Asked: asked, Quota: capacity.Quota{}, Now: now,
		},
		"and Azure refused it lately": {Asked: asked, Quota: enough, Unavailable: refused, Now: now},
		"and nothing was asked": {Asked: findings.Asked{
			ClusterWhy: "the cluster was not asked", AzureWhy: "Azure was not asked",
		}},
	}
}

// TestAdapterOfAFinishedTuning says nothing about an adapter whose tuning has succeeded for these inputs.
func TestAdapterOfAFinishedTuning(t *testing.T) {
	x := trees(t)["adapter"]
	key := workspace.Key{Namespace: "default", Name: "tuned"}
	about := func(p plan.Plan) (out []string) {
		for _, f := range p.Findings {
			if f.Kind == plan.AdapterNotReady {
				out = append(out, f.Text)
			}
		}
		return out
	}
	x.live.Asked.Cluster = true
	for name, tt := range map[string]struct {
		live cluster.Workload
		want string
	}{
		"runs":   {cluster.Workload{}, "is not done"},
		"failed": {cluster.Workload{Failed: true}, "failed"},
		"other":  {cluster.Workload{Complete: true, Inputs: "other"}, "is not done"},
	} {
		x.live.State.Workloads = map[workspace.Key]cluster.Workload{key: tt.live}
		if got := about(x.plan(t)); len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	in, err := desired.Read(x.head, presets.FS, load.Options{}, workspace.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := cluster.Workload{Complete: true, Inputs: in.Set.Find(key).Digest}
	x.live.State.Workloads = map[workspace.Key]cluster.Workload{key: done}
	if got := about(x.plan(t)); len(got) != 0 {
		t.Errorf("a finished tuning: %q", got)
	}
}

// TestHowLong says how long serving stops as a range, where the pods that run now have shown it.
func TestHowLong(t *testing.T) {
	started := func(least, most time.Duration) cluster.Pod {
		return cluster.Pod{Ready: true, Start: cluster.Start{AtLeast: least, AtMost: most}}
	}
	const unknown = "for how long is unknown"
	for name, tt := range map[string]struct {
		change string
		pods   []cluster.Pod
		want   string
	}{
		"one pod": {
			"context",
			[]cluster.Pod{started(50*time.Second, 4*time.Minute)},
			"the pods that run now were ready 50 s to 4 min after they were created",
		},
		"two pods": {
			"context",
			[]cluster.Pod{started(3*time.Minute, 9*time.Minute), started(0, 4*time.Minute)},
			"ready 0 s to 9 min after",
		},
		"not ready":      {"context", []cluster.Pod{{}}, unknown},
		"ready again":    {"context", []cluster.Pod{started(time.Minute, 50*time.Hour)}, unknown},
		"other weights":  {"model", []cluster.Pod{started(time.Minute, 2*time.Minute)}, unknown},
		"other revision": {"revision", []cluster.Pod{started(time.Minute, 2*time.Minute)}, unknown},
		"other nodes":    {"gpus", []cluster.Pod{started(time.Minute, 2*time.Minute)}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			x := trees(t)[tt.change]
			key := workspace.Key{Namespace: "default", Name: "phi"}
			x.live.Asked.Cluster = true
			x.live.State.Workloads = map[workspace.Key]cluster.Workload{key: {
				Ref:      cluster.Ref{Group: "apps", Kind: "StatefulSet", Namespace: "default", Name: "phi"},
				Replicas: int64(len(tt.pods)), Ready: 1, Pods: tt.pods,
			}}
			var got []string
			for _, f := range x.plan(t).Findings {
				if f.Kind == plan.Interrupted {
					got = append(got, f.Text)
				}
			}
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTuningStops says that a tuning stops only where it runs, or where that is unknown.
func TestTuningStops(t *testing.T) {
	x := trees(t)["tuning-to-inference"]
	key := workspace.Key{Namespace: "default", Name: "x"}
	job := cluster.Ref{Group: "batch", Version: "v1", Kind: "Job", Namespace: "default", Name: "x"}
	for name, tt := range map[string]struct {
		asked bool
		live  cluster.Workload
		want  string
	}{
		"unknown":   {false, cluster.Workload{}, "the tuning stops; whether it still runs is unknown"},
		"runs":      {true, cluster.Workload{Ref: job, Active: 1}, "a running tuning stops"},
		"succeeded": {true, cluster.Workload{Ref: job, Complete: true}, ""},
		"failed":    {true, cluster.Workload{Ref: job, Failed: true}, ""},
		"no Job":    {true, cluster.Workload{}, ""},
	} {
		x.live.Asked.Cluster = tt.asked
		x.live.State.Workloads = map[workspace.Key]cluster.Workload{key: tt.live}
		got := ""
		for _, f := range x.plan(t).Findings {
			if f.Kind == plan.Replaced && f.Verdict == diag.Warn {
				got += f.Text
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestNothingChanged finds nothing to say about two equal trees.
func TestNothingChanged(t *testing.T) {
	for name, x := range trees(t) {
		x.base = x.head
		p := x.plan(t)
		if len(p.Findings) > 0 && p.Refused() == 0 {
			t.Errorf("%s: %+v", name, p.Findings)
		}
		if v := p.Verdict(); p.Refused() == 0 && v.Outcome != plan.NoChanges {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

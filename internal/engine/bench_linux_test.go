// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// The limits of a plan against a cluster with benchWorkspaces, in CPU time.
const (
	benchWorkspaces = 10_000
	sameLimit       = 2 * time.Millisecond
	oneLimit        = 30 * time.Millisecond
)

// settled is a cluster with which every object agrees. It answers what it was asked last at once, as the adapter does.
type settled struct {
	refs  map[*unstructured.Unstructured]cluster.Ref
	asked []*unstructured.Unstructured
	last  []cluster.Preview
}

func (s *settled) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	if len(objects) == len(s.asked) && len(objects) > 0 && &objects[0] == &s.asked[0] {
		return s.last, nil
	}
	s.asked, s.last = objects, make([]cluster.Preview, len(objects))
	for i, o := range objects {
		ref, ok := s.refs[o]
		if !ok {
			ref = cluster.RefOf(o)
			s.refs[o] = ref
		}
		s.last[i].Ref = ref
	}
	return s.last, nil
}

func (s *settled) Look(context.Context, []cluster.Ref, time.Time) (map[cluster.Ref]cluster.Reference, error) {
	return nil, nil
}

// BenchmarkPlanAgain plans many Workspaces that run as desired: with nothing changed, with another model in one file,
// and after one pod has gone.
func BenchmarkPlanAgain(b *testing.B) {
	models := []string{"phi-4", "phi-4-mini-instruct", "mistral-7b-instruct", "falcon-7b", "qwen2.5-coder-7b-instruct"}
	file := func(i, model int) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, "apiVersion: kaito.sh/v1beta1\nkind: Workspace\n"+
			"metadata: {name: m-%05d}\ninference: {preset: {name: %s}}\n", i, models[model%len(models)])}
	}
	tree := fstest.MapFS{}
	for i := range benchWorkspaces {
		tree[fmt.Sprintf("m-%05d.yaml", i)] = file(i, i)
	}
	other := maps.Clone(tree)
	other["m-00777.yaml"] = file(777, 778)
	inputs := map[string]desired.Input{}
	memo, cache := load.NewMemo(), render.NewCache()
	for name, files := range map[string]fstest.MapFS{"tree": tree, "other": other} {
		limits := load.Limits{Workspaces: 2 * benchWorkspaces, Manifests: 2 * benchWorkspaces}
		in, err := desired.Read(files, presets.FS, load.Options{Memo: memo, Limits: limits}, workspace.Env{}, cache)
		if err != nil {
			b.Fatal(err)
		}
		inputs[name] = in
	}
	e := New(Settings{
		Policy: desired.Policy{Cluster: "demo", Region: "eastus", Prune: true},
		Read:   func(r Revision) (desired.Input, error) { return inputs[r.Inputs], nil },
	}, &settled{refs: map[*unstructured.Unstructured]cluster.Ref{}})
	w := world{rng: rand.New(rand.NewPCG(1, 1))}
	run := func(inputs string, seen Observed) Result {
		r, err := e.Plan(b.Context(), Revision{Commit: inputs, Inputs: inputs}, seen)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	first := run("tree", Observed{Observed: desired.Observed{Live: true}})
	w.carryOut(first.Desired, first.Set)
	seen := w.seen
	seen.Live, seen.State.Version, seen.State.Versions = true, 1, map[workspace.Key]uint64{}
	for k := range seen.State.Workloads {
		seen.State.Versions[k] = 1
	}
	gone := seen
	gone.State.Versions = maps.Clone(seen.State.Versions)
	gone.State.Version, gone.State.Workloads = 2, maps.Clone(seen.State.Workloads)
	key := workspace.Key{Namespace: "default", Name: "m-00777"}
	one := gone.State.Workloads[key]
	one.Pods, one.Ready = nil, 0
	gone.State.Workloads[key], gone.State.Versions[key] = one, 2
	for _, tt := range []struct {
		name   string
		limit  time.Duration
		inputs []string
		seen   []Observed
	}{
		{"nothing changed", sameLimit, []string{"tree"}, []Observed{seen}},
		{"one file changed", oneLimit, []string{"tree", "other"}, []Observed{seen}},
		{"one pod changed", oneLimit, []string{"tree"}, []Observed{seen, gone}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			run(tt.inputs[0], tt.seen[0])
			b.ResetTimer()
			before := cpuTime()
			for i := range b.N {
				run(tt.inputs[(i+1)%len(tt.inputs)], tt.seen[(i+1)%len(tt.seen)])
			}
			each := (cpuTime() - before) / time.Duration(b.N)
			b.ReportMetric(each.Seconds()*1000, "cpu-ms/plan")
			bench.Record(b, bench.Row{
				Scenario: fmt.Sprintf("plan %d again: %s", benchWorkspaces, tt.name), Subject: "syncer",
				Metric: "CPU time against the limit of " + tt.limit.String(), Value: each.Seconds() * 1000, Unit: "ms",
				Ratio: bench.Against(each.Seconds() / tt.limit.Seconds()),
			})
		})
	}
}

// cpuTime returns the CPU time of this process, which depends less on what else runs than the time of a plan does.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

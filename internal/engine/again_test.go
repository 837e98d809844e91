// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// applied is a cluster that holds objects, and previews a desired one as an update if it differs from what it holds.
type applied map[cluster.Ref]*unstructured.Unstructured

func (a applied) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		ref := cluster.RefOf(o)
		out[i].Ref = ref
		if live := a[ref]; live == nil || !reflect.DeepEqual(live.Object, o.Object) {
			out[i].Before, out[i].After = live, o
		}
	}
	return out, nil
}

func (a applied) Look(_ context.Context, refs []cluster.Ref, _ time.Time) (map[cluster.Ref]cluster.Reference, error) {
	out := map[cluster.Ref]cluster.Reference{}
	for _, r := range refs {
		out[r] = cluster.Reference{Presence: cluster.Missing}
	}
	return out, nil
}

// world is a repository, a cluster and Azure that change at random.
type world struct {
	rng      *rand.Rand
	files    map[string]string
	seen     Observed
	objects  applied
	limits   load.Limits
	versions map[string]uint64 // of States, by their text
	made     int               // nodes so far
}

var names = []string{"a", "b", "c", "d", "e", "f"}

// workspaceFile returns a Workspace of that name, drawn at random.
func (w *world) workspaceFile(name string) string {
	pick := func(of ...string) string { return of[w.rng.IntN(len(of))] }
	size := pick("", "", "resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: x}}}\n")
	annotations := pick("{}", "{}", `{syncer.dev/suspend: "true"}`, `{syncer.dev/prune: disabled}`,
		"{syncer.dev/priority: high}")
	config := pick("", "", "  config: conf\n")
	model := pick("phi-4", "phi-4-mini-instruct", "falcon-7b", "phi-4", "nosuch")
	return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s, annotations: %s}\n%s"+
		"inference:\n  preset: {name: %s}\n%s", name, annotations, size, model, config)
}

// change changes one thing.
func (w *world) change() {
	name := names[w.rng.IntN(len(names))]
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		w.files[name+".yaml"] = w.workspaceFile(name)
	case 3:
		delete(w.files, name+".yaml")
	case 4:
		w.files["conf.yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: default}\n"+
			"data: {inference_config.yaml: \"vllm: {max-model-len: %d}\"}\n", 1024*(1+w.rng.IntN(3)))
	case 5:
		delete(w.files, "conf.yaml")
	case 6:
		w.seen.Quota = capacity.Quota{Regional: capacity.Limit{Known: true, Max: 24 * w.rng.IntN(20)}}
	case 7:
		for _, k := range slices.SortedFunc(maps.Keys(w.seen.State.Workloads), workspace.Key.Compare) {
			if w.rng.IntN(2) == 0 {
				w.seen.State.Workloads = maps.Clone(w.seen.State.Workloads)
				delete(w.seen.State.Workloads, k)
			}
		}
	case 8:
		w.seen.State.Nodes = slices.Clone(w.seen.State.Nodes)
		for i := range w.seen.State.Nodes {
			w.seen.State.Nodes[i].Ready = w.rng.IntN(3) > 0
		}
	case 9:
		if n := len(w.seen.Pools); n > 0 {
			w.seen.Pools = slices.Delete(slices.Clone(w.seen.Pools), 0, 1)
		}
	case 10, 11:
		w.ownPreset("phi-4")
	}
}

// ownPreset adds the preset to the repository, in one of three editions, or takes it away.
func (w *world) ownPreset(name string) {
	edition := w.rng.IntN(4)
	for _, file := range []string{"preset.yaml", "kustomization.yaml"} {
		at := "models/" + name + "/" + file
		text, err := presets.FS.ReadFile(at)
		if err != nil {
			panic(err)
		}
		more := ""
		if file == "kustomization.yaml" {
			more = fmt.Sprintf("commonAnnotations: {edition: e%d}\n", edition)
		}
		if w.files["presets/"+at] = string(text) + more; edition == 3 {
			delete(w.files, "presets/"+at)
		}
	}
}

// carryOut makes live what a plan wants in the end.
func (w *world) carryOut(d desired.Desired, set *workspace.Set) {
	now := plan.Eventually(plan.Side{Set: set, Desired: d})
	w.seen.Pools, w.seen.State = now.Pools, now.State
	w.seen.State.AllPods = true
	w.objects = applied{}
	for _, o := range d.Objects {
		ref := cluster.RefOf(o.Content)
		w.objects[ref] = o.Content
		w.seen.State.Objects = append(w.seen.State.Objects, cluster.Object{Ref: ref, Workspace: o.Workspace, Owned: true})
	}
	slices.SortFunc(w.seen.State.Objects, func(a, b cluster.Object) int { return a.Ref.Compare(b.Ref) })
	for k, l := range w.seen.State.Workloads {
		l.Ref = cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: k.Namespace, Name: k.Name}
		l.Ready, l.Endpoints = l.Replicas, int(l.Replicas)
		w.seen.State.Workloads[k] = l
	}
}

// observe returns what is seen, with versions: equal ones for equal States.
func (w *world) observe() Observed {
	out := w.seen
	out.Live = true
	out.State.Version = 0
	text := fmt.Sprint(out.State)
	if w.versions[text] == 0 {
		w.versions[text] = uint64(len(w.versions) + 1)
	}
	out.State.Version = w.versions[text]
	return out
}

func (w *world) revision(step int) Revision {
	tree := fstest.MapFS{}
	for name, text := range w.files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	text, _ := json.Marshal(w.files)
	return Revision{Commit: fmt.Sprint("commit ", step), Inputs: string(text), Files: tree}
}

// written is a plan, and what it wants, as bytes.
func written(t *testing.T, r Result) string {
	t.Helper()
	p := r.Plan
	objects := make([]any, len(r.Desired.Objects))
	for i, o := range r.Desired.Objects {
		objects[i] = o.Content.Object
	}
	out, err := json.MarshalIndent([]any{
		p.Document(), p.Verdict(), r.Desired.Pools(), p.Findings, p.Warnings, p.Problems, objects, r.Set.Problems,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestAgain plans a world that changes step by step with one Engine, and each step with a new one: both come to the
// same plan, byte for byte. What runs stays where it is: see stay. Without roll-outs a plan is carried out at once, to
// its end, and with them pass by pass, so that what waits stays as it was.
func TestAgain(t *testing.T) {
	seeds, steps := uint64(12), 20
	if testing.Short() {
		seeds = 3
	}
	var met sync.Map
	t.Cleanup(func() {
		for _, what := range []string{"a move waits for nodes", "a move ends", "a roll-out waits"} {
			if _, ok := met.Load(what); !ok && !testing.Short() {
				t.Errorf("never: %s", what)
			}
		}
	})
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := world{
				rng:      rand.New(rand.NewPCG(seed, 5)),
				files:    map[string]string{},
				objects:  applied{},
				versions: map[string]uint64{},
			}
			policy := desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}
			if seed%3 == 1 {
				policy.Limits.Nodes = 3
			}
			if seed%3 == 2 {
				w.limits.Workspaces = 4 // fewer than there may be files
			}
			policy.Preemption = seed%4 == 2
			if seed%2 == 1 {
				policy.Rollout = rollout.Limit{Count: 1}
				for _, name := range names { // many that restart together
					w.files[name+".yaml"] = w.workspaceFile(name)
				}
			}
			// The engine that goes on has all that it may keep; the new one has what it has rendered itself, in other steps.
			kept, memo := render.NewCache(), load.NewMemo()
			other := render.NewCache()
			read := func(cache *render.Cache, memo *load.Memo) func(Revision) (desired.Input, error) {
				return func(r Revision) (desired.Input, error) {
					return desired.Read(r.Files, presets.FS, load.Options{Memo: memo, Limits: w.limits}, workspace.Env{}, cache)
				}
			}
			goesOn := New(Settings{Policy: policy, Read: read(kept, memo)}, &now{&w})
			for step := range steps {
				for range w.rng.IntN(3) { // none: nothing has changed
					w.change()
				}
				rev, seen := w.revision(step), w.observe()
				got, err := goesOn.Plan(t.Context(), rev, seen)
				if err != nil {
					t.Fatal(err)
				}
				fresh := New(Settings{Policy: policy, Read: read(other, nil)}, &now{&w})
				seen.State.Version = 0
				want, err := fresh.Plan(t.Context(), rev, seen)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(strings.Split(written(t, want), "\n"), strings.Split(written(t, got), "\n")); d != "" {
					t.Fatalf("step %d: from nothing (-) and from the step before (+):\n%s", step, d)
				}
				stay(t, step, got, &w.seen, func(what string) { met.Store(what, true) })
				switch {
				case !policy.Rollout.Off():
					w.pass(t, step, got)
				case w.rng.IntN(2) == 0:
					w.carryOut(got.Desired, got.Set)
				}
			}
		})
	}
}

// now is the cluster of a world, as it is at the moment.
type now struct{ *world }

func (n *now) Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	return n.objects.Preview(ctx, objects)
}

func (n *now) Look(
	ctx context.Context, refs []cluster.Ref, at time.Time,
) (map[cluster.Ref]cluster.Reference, error) {
	return n.objects.Look(ctx, refs, at)
}

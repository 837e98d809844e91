// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files/filestest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
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

func (w *world) Look(_ context.Context, refs []cluster.Ref, _ time.Time) (map[cluster.Ref]cluster.Reference, error) {
	out := map[cluster.Ref]cluster.Reference{}
	for _, r := range refs {
		out[r] = cluster.Reference{Presence: cluster.Missing}
		if r.Kind == "ConfigMap" && w.conf != "" {
			out[r] = cluster.Reference{Presence: cluster.Present, Data: map[string]string{"inference_config.yaml": w.conf}}
		}
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
	versions map[string]uint64 // of States and of Workspaces in them, by their text
	conf     string            // the content of a ConfigMap that only the cluster has; "" for none
	policy   desired.Policy
	made     int // nodes so far
}

var names = []string{"a", "b", "c", "d", "e", "f"}

// workspaceFile returns a Workspace of that name, drawn at random.
func (w *world) workspaceFile(name string) string {
	pick := func(of ...string) string { return of[w.rng.IntN(len(of))] }
	size := pick("", "", "resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: x}}}\n")
	annotations := pick("{}", "{}", `{syncer.dev/suspend: "true"}`, `{syncer.dev/prune: disabled}`,
		"{syncer.dev/priority: high}", "{syncer.dev/mode: observe}", "{syncer.dev/depends-on: b}",
		`{kaito.sh/enablelb: "true"}`)
	if w.policy.Source != nil {
		size = pick("", "resource: {labelSelector: {matchLabels: {zone: x}}}\n")
	}
	config := pick("", "", "  config: conf\n")
	if w.rng.IntN(5) == 0 {
		return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s}\n%stuning:\n"+
			"  preset: {name: phi-3-mini-128k-instruct}\n  method: %s\n  input: {urls: ['https://example.com/data.parquet']}\n"+
			"  output: {image: 'registry.example.com/%s:1', imagePushSecret: push}\n", name, size, pick("lora", "qlora"), name)
	}
	model := pick("phi-4", "phi-4-mini-instruct", "falcon-7b", "phi-4", "nosuch")
	return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s, annotations: %s}\n%s"+
		"inference:\n  preset: {name: %s}\n%s", name, annotations, size, model, config)
}

// change changes one thing.
func (w *world) change() {
	name := names[w.rng.IntN(len(names))]
	switch w.rng.IntN(18) {
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
	case 12:
		w.drift()
	case 16, 17:
		w.seen.State.Workloads = maps.Clone(w.seen.State.Workloads)
		for _, k := range slices.SortedFunc(maps.Keys(w.seen.State.Workloads), workspace.Key.Compare) {
			l := w.seen.State.Workloads[k]
			switch w.rng.IntN(4) {
			case 0:
				l.Complete = l.Ref.Kind == "Job"
			case 1:
				l.Ready, l.Endpoints = 0, 0
			case 2:
				l.Inputs = "others"
			}
			w.seen.State.Workloads[k] = l
		}
	case 13:
		w.conf = []string{"", "vllm: {max-model-len: 4096}", "vllm: {max-model-len: 8192}"}[w.rng.IntN(3)]
	case 14:
		w.files["suspend.yaml"] = "apiVersion: syncer.dev/v1alpha1\nkind: Suspend\nmetadata: {name: s}\n" +
			"spec: {reason: incident, selector: {names: [" + name + "]}}\n"
		if w.rng.IntN(2) == 0 {
			delete(w.files, "suspend.yaml")
		}
	case 15:
		w.seen.Reported = map[workspace.Key]rollout.Reported{}
		w.seen.FirstSeen = maps.Clone(w.seen.FirstSeen)
		for k, l := range w.seen.State.Workloads {
			w.seen.Reported[k] = rollout.Reported{Served: true, Commit: "commit 0", Inputs: l.Inputs, CarriedOut: "commit 0"}
		}
		if w.seen.FirstSeen == nil {
			w.seen.FirstSeen = map[workspace.Key]time.Time{}
		}
		w.seen.FirstSeen[workspace.Key{Namespace: "default", Name: name}] = time.Unix(int64(w.rng.IntN(100)), 0)
	}
}

// drift changes or deletes a live object.
func (w *world) drift() {
	refs := slices.SortedFunc(maps.Keys(w.objects), cluster.Ref.Compare)
	if len(refs) == 0 {
		return
	}
	ref := refs[w.rng.IntN(len(refs))]
	w.objects = maps.Clone(w.objects)
	if w.rng.IntN(3) > 0 {
		o := w.objects[ref].DeepCopy()
		o.SetLabels(map[string]string{"drift": fmt.Sprint(w.rng.IntN(100))})
		w.objects[ref] = o
		return
	}
	delete(w.objects, ref)
	w.seen.State.Objects = slices.DeleteFunc(slices.Clone(w.seen.State.Objects), func(o *cluster.Object) bool {
		return o.Ref == ref
	})
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

// inFull returns the objects of a desired state with their content.
func inFull(d desired.Desired) []desired.Object {
	out := slices.Clone(d.Objects)
	for i := range d.Workloads {
		all, err := whole(&d, i)
		if err != nil {
			panic(err)
		}
		from, to := d.ObjectsOf(i)
		for k := from; k < to; k++ {
			out[k].Content = all[k-from]
		}
	}
	return out
}

// carryOut makes live what a plan wants in the end.
func (w *world) carryOut(d desired.Desired, set *workspace.Set) {
	if w.policy.Source == nil {
		now := plan.Eventually(plan.Side{Set: set, Desired: d})
		w.seen.Pools, w.seen.State = now.Pools, now.State
	} else {
		w.run(d)
	}
	w.seen.State.AllPods = true
	w.objects = applied{}
	for _, o := range inFull(d) {
		ref := cluster.RefOf(o.Content)
		w.objects[ref] = o.Content
		w.seen.State.Objects = append(w.seen.State.Objects, &cluster.Object{Ref: ref, Workspace: o.Workspace, Owned: true})
	}
	slices.SortFunc(w.seen.State.Objects, func(a, b *cluster.Object) int { return a.Ref.Compare(b.Ref) })
	for k, l := range w.seen.State.Workloads {
		l.Ref = cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: k.Namespace, Name: k.Name}
		if set.Find(k).Tuning != nil {
			l.Ref.Group, l.Ref.Kind = "batch", "Job"
		}
		l.Ready, l.Endpoints = l.Replicas, int(l.Replicas)
		w.seen.State.Workloads[k] = l
	}
}

// run makes pods of what is desired, on existing nodes or on those of NodePools.
func (w *world) run(d desired.Desired) {
	s := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}
	for _, n := range w.seen.State.Nodes {
		if n.Labels[cluster.LabelNodePool] == "" {
			s.Nodes = append(s.Nodes, n)
		}
	}
	for _, d := range d.Workloads {
		objects := d.Bundle.List()
		i := slices.IndexFunc(objects, func(o render.Listed) bool { return o.Kind == "StatefulSet" || o.Kind == "Job" })
		if i < 0 || len(d.Blocked) > 0 {
			continue
		}
		l := cluster.Workload{
			Ref: objects[i].Ref, Inputs: d.Workspace.Digest, GPUs: int64(d.Placement.GPUsPerNode),
		}
		for k := range d.Placement.Nodes {
			if d.Workspace.Suspended() {
				break
			}
			node := fmt.Sprintf("np-%s-%d", d.Name, k)
			if d.NodePool != nil {
				s.Nodes = append(s.Nodes, cluster.Node{
					Name: node, Ready: true, GPUs: 8, InstanceType: d.Placement.InstanceType,
					Labels: map[string]string{cluster.LabelNodePool: d.NodePool.Name},
				})
			} else {
				node = s.Nodes[w.rng.IntN(len(s.Nodes))].Name
			}
			l.Pods = append(l.Pods, cluster.Pod{
				Name: fmt.Sprintf("%s-%d", d.Name, k), Node: node, Phase: "Running", Ready: true,
			})
		}
		l.Replicas = int64(len(l.Pods))
		s.Workloads[d.Key] = l
		if d.NodePool != nil && d.NodePool.Wanted() {
			s.NodePools = append(s.NodePools, cluster.NodePool{Name: d.NodePool.Name, Workspace: d.Key})
		}
	}
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	w.seen.State = s
}

// existing returns nodes of the user.
func existing() (out []cluster.Node) {
	for i := range 4 {
		labels := map[string]string{
			"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu.count": "2", "nvidia.com/gpu.memory": "81920",
		}
		if i > 1 {
			labels["zone"] = "x"
		}
		out = append(out, cluster.Node{
			Name: fmt.Sprintf("gpu-%d", i), InstanceType: "bare-metal", Ready: true, GPUs: 2, Labels: labels,
		})
	}
	return out
}

// version returns a number for a text: equal ones for equal texts.
func (w *world) version(text string) uint64 {
	if w.versions[text] == 0 {
		w.versions[text] = uint64(len(w.versions) + 1)
	}
	return w.versions[text]
}

// observe returns what is seen, with versions: equal ones for equal States, and for Workspaces of which the same is
// live.
func (w *world) observe() Observed {
	out := w.seen
	out.Live = true
	out.State.Version, out.State.Versions = 0, nil
	all := fmt.Sprint(out.State)
	of := map[workspace.Key]string{}
	for i, o := range out.State.Objects {
		live, _ := json.Marshal(w.objects[o.Ref])
		of[o.Workspace] += fmt.Sprint(out.State.Objects[i], string(live))
		all += string(live)
	}
	for k, l := range out.State.Workloads {
		of[k] += fmt.Sprint(l)
		for _, p := range l.Pods {
			for _, n := range out.State.Nodes {
				if n.Name == p.Node {
					of[k] += fmt.Sprint(n)
				}
			}
		}
	}
	out.State.Version, out.State.Versions = w.version(all), map[workspace.Key]uint64{}
	for k, text := range of {
		out.State.Versions[k] = w.version(text)
	}
	return out
}

func (w *world) revision(step int) Revision {
	text, _ := json.Marshal(w.files)
	return Revision{Commit: fmt.Sprint("commit ", step), Inputs: string(text), Files: filestest.New(w.files)}
}

// written is a plan, and what it wants, as bytes.
func written(t *testing.T, r Result) string {
	t.Helper()
	p := r.Plan
	objects := make([]any, len(r.Desired.Objects))
	for i, o := range inFull(r.Desired) {
		objects[i] = o.Content.Object
	}
	out, err := json.MarshalIndent([]any{
		document.Of(&p), p.Verdict(), r.Desired.Pools(), p.Findings, p.Warnings, p.Problems, objects, r.Set.Problems,
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
	seeds, steps := uint64(24), 20
	if testing.Short() {
		seeds = 6
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
			switch seed % 8 {
			case 4:
				policy.Source, w.seen.State.Nodes = desired.ExistingNodes{}, existing()
			case 6:
				policy.Source = desired.NodePools{Settings: karpenter.Settings{
					Class: karpenter.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "default"},
				}}
			}
			switch hold := seed % 5; {
			case seed < 12: // nothing is held
			case hold == 1:
				policy.Changes.Interruption = diag.Fail
			case hold == 2:
				policy.Changes.Deletion = diag.Fail
			case hold == 4:
				policy.Changes.CostDelta, policy.Changes.MaxDelta = diag.Fail, 4
			}
			if seed%3 == 1 {
				policy.Limits.Nodes = 3
			}
			if seed%3 == 2 {
				w.limits.Workspaces = 4 // fewer than there may be files
			}
			policy.Preemption = seed%4 == 2
			if seed%2 == 1 {
				policy.Rollout = rollout.Limit{Count: 1}
			}
			w.policy = policy
			for _, name := range names {
				w.files[name+".yaml"] = w.workspaceFile(name)
			}
			// The engine that goes on has all that it may keep; the new one has what it has rendered itself, in other steps.
			kept, memo := render.NewCache(), load.NewMemo()
			other := render.NewCache()
			read := func(cache *render.Cache, memo *load.Memo) func(Revision) (desired.Input, error) {
				return func(r Revision) (desired.Input, error) {
					options := load.Options{Memo: memo, Limits: w.limits}
					return desired.Read(r.Files, presets.FS, options, policy.NodeSource().Admission(), cache)
				}
			}
			clusters := []Cluster{&now{&w}, &settling{now{&w}}}
			goesOn := New(Settings{Policy: policy, Read: read(kept, memo)}, clusters[seed%2])
			for step := range steps {
				for range w.rng.IntN(3) { // none: nothing has changed
					w.change()
				}
				rev, seen := w.revision(step), w.observe()
				if seed%7 == 6 { // what is live of each Workspace is not known
					seen.State.Versions = nil
				}
				got, err := goesOn.Plan(t.Context(), rev, seen)
				if err != nil {
					t.Fatal(err)
				}
				fresh := New(Settings{Policy: policy, Read: read(other, nil)}, &now{&w})
				seen.State.Version, seen.State.Versions = 0, nil
				want, err := fresh.Plan(t.Context(), rev, seen)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(strings.Split(written(t, want), "\n"), strings.Split(written(t, got), "\n")); d != "" {
					t.Fatalf("step %d: from nothing (-) and from the step before (+):\n%s", step, d)
				}
				stay(t, step, got, &w.seen, func(what string) { met.Store(what, true) })
				switch {
				case !policy.Rollout.Off() && policy.Source == nil:
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

// settling is now, which knows what is as desired by the digests of objects.
type settling struct{ now }

// Settled implements Settler.
func (n *settling) Settled(objects []cluster.Digested) []bool {
	out := make([]bool, len(objects))
	for i, o := range objects {
		if live := n.objects[o.Ref]; live != nil {
			text, _ := json.Marshal(live.Object)
			out[i] = sha256.Sum256(text) == o.Digest
		}
	}
	return out
}

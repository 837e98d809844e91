// SPDX-License-Identifier: Apache-2.0

package values_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

const (
	small = "Standard_NC24ads_A100_v4"
	large = "Standard_NC40ads_H100_v5"
	phi   = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: SIZE, labelSelector: {matchLabels: {app: phi}}}
inference:
  preset: {name: phi-4-mini-instruct}
  config: conf
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, namespace: default}
data: {inference_config.yaml: "vllm: {max-model-len: 4096}"}
`
)

var (
	key    = workspace.Key{Namespace: "default", Name: "phi"}
	policy = desired.Policy{Cluster: "demo", Region: "eastus"}
)

// desire computes the desired state of a file.
func desire(t *testing.T, text string, seen desired.Observed) desired.Desired {
	t.Helper()
	files := fstest.MapFS{"phi.yaml": {Data: []byte(text)}}
	in, err := desired.Read(files, presets.FS, load.Options{}, workspace.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func of(size string) string { return strings.Replace(phi, "SIZE", size, 1) }

// TestDesired has all values of a Workspace that is to run, and the model alone of one that cannot.
func TestDesired(t *testing.T) {
	got := values.In(desire(t, of(small), desired.Observed{}), policy)[key]
	pool := got.Pool
	want := values.Values{
		Preset: "phi-4-mini-instruct", Model: "microsoft/Phi-4-mini-instruct",
		Revision: "c0fb9e74abda11b496b7907a9c6c9009a7a0488f", Runtime: "vllm",
		Image:        "mcr.microsoft.com/aks/kaito/kaito-base:0.5.0",
		InstanceType: small, Pool: pool, Region: "eastus", Nodes: 1, GPUs: 1,
		ContextLength: 4096, TensorParallel: 1, PipelineParallel: 1,
		Serves: true, Endpoint: "http://phi.default.svc:80", HourlyCost: capacity.Cost{USD: 3.673, Known: true},
	}
	if got != want || pool == "" {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	suspended := strings.Replace(of(small), "{name: phi}", `{name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1)
	got = values.In(desire(t, suspended, desired.Observed{}), policy)[key]
	if got.Serves || got.Nodes != 0 || got.HourlyCost.USD != 0 || got.Model != want.Model {
		t.Errorf("suspended: %+v", got)
	}
	got = values.In(desire(t, of("Standard_Nosuch"), desired.Observed{}), policy)[key]
	if got.InstanceType != "" || got.Nodes != 0 || got.Preset == "" {
		t.Errorf("invalid: %+v", got)
	}
}

// live is a cluster on which phi runs as desired on a pool of the small size.
func live(t *testing.T, text string) (values.Live, *unstructured.Unstructured) {
	t.Helper()
	d := desire(t, text, desired.Observed{})
	in := values.Live{Policy: policy, Desired: &d, Previews: make([]*cluster.Preview, len(d.Objects))}
	in.Seen = desired.Observed{
		Live:  true,
		Pools: []capacity.LivePool{{Name: "p", Size: small, Count: 1, Owned: true, Workspace: key}},
		State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{
			key: {Ref: cluster.Ref{Kind: "StatefulSet", Name: "phi"}, Pool: "p", GPUs: 1, Replicas: 1, Ready: 1},
		}},
	}
	var set *unstructured.Unstructured
	for i, o := range d.Objects {
		in.Previews[i] = &cluster.Preview{Ref: cluster.RefOf(o.Content)}
		if o.Content.GetKind() == "StatefulSet" {
			set = o.Content.DeepCopy()
		}
	}
	return in, set
}

// one returns the values of what is live of a Workspace.
func one(in *values.Live, k workspace.Key) values.Values {
	i := slices.IndexFunc(in.Desired.Workloads, func(w *desired.Workload) bool { return w.Key == k })
	v, _ := in.Of(k, i)
	return v
}

// change replaces the preview of an object by one that changes it from before.
func change(in *values.Live, before *unstructured.Unstructured) {
	for i, o := range in.Desired.Objects {
		if o.Content.GetKind() == before.GetKind() && o.Content.GetName() == before.GetName() {
			in.Previews[i].Before, in.Previews[i].After = before, o.Content
		}
	}
}

// TestLive has the nodes that are live, and the model that runs.
func TestLive(t *testing.T) {
	in, set := live(t, of(large))
	got := one(&in, key)
	if got.InstanceType != small || got.Pool != "p" || got.Nodes != 1 || got.GPUs != 1 || !got.Serves ||
		got.HourlyCost.USD != 3.673 {
		t.Errorf("nodes: %+v", got)
	}
	if got.Model != "microsoft/Phi-4-mini-instruct" || got.ContextLength != 4096 || got.Endpoint == "" {
		t.Errorf("a workload that does not change: %+v", got)
	}

	containers, _, _ := unstructured.NestedSlice(set.Object, "spec", "template", "spec", "containers")
	main := containers[0].(map[string]any)
	main["image"] = "old:1"
	main["args"] = []any{"--model=a/b", "--tensor-parallel-size=2", "--data-parallel-size=3"}
	if err := unstructured.SetNestedSlice(set.Object, containers, "spec", "template", "spec", "containers"); err != nil {
		t.Fatal(err)
	}
	change(&in, set)
	conf := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "conf", "namespace": "default"},
		"data":     map[string]any{"inference_config.yaml": "vllm: {max-model-len: 1024}"},
	}}
	change(&in, conf)
	got = one(&in, key)
	if got.Image != "old:1" || got.Model != "a/b" || got.Revision != desired.Unpinned || got.TensorParallel != 2 ||
		got.DataParallel != 3 || got.ContextLength != 1024 {
		t.Errorf("a workload that changes: %+v", got)
	}
}

// TestLiveIsNotInvented leaves out what neither the cluster nor the pools show.
func TestLiveIsNotInvented(t *testing.T) {
	in, _ := live(t, of(small))
	gone := workspace.Key{Namespace: "default", Name: "gone"}
	in.Seen.State.Workloads[gone] = cluster.Workload{
		Ref: cluster.Ref{Kind: "StatefulSet"}, Pool: "lost", GPUs: 2, Replicas: 1,
	}
	done := workspace.Key{Namespace: "default", Name: "done"}
	in.Seen.State.Workloads[done] = cluster.Workload{Ref: cluster.Ref{Kind: "Job"}, Pool: "p", GPUs: 1, Complete: true}
	if want := (values.Values{Nodes: 1, GPUs: 2, Serves: true}); one(&in, gone) != want {
		t.Errorf("without a pool: %+v", one(&in, gone))
	}
	if v := one(&in, done); v.Nodes != 0 || v.Serves || v.Model != "" || v.HourlyCost.USD != 0 {
		t.Errorf("a finished Job: %+v", v)
	}
	byo, _ := live(t, of(small))
	byo.Seen.Pools = nil
	byo.Seen.State.Nodes = []cluster.Node{{Name: "n", InstanceType: "own-size"}}
	w := byo.Seen.State.Workloads[key]
	w.Pods = []cluster.Pod{{Name: "phi-0", Node: "n"}}
	byo.Seen.State.Workloads[key] = w
	if v := one(&byo, key); v.InstanceType != "own-size" || v.HourlyCost.Known {
		t.Errorf("existing nodes: %+v", v)
	}
}

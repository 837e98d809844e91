// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

const tuning = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: tune}\n" +
	"resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: x}}}\n" +
	"tuning:\n  preset: {name: phi-3-mini-128k-instruct}\n  method: lora\n  input: {urls: ['https://example.com/d']}\n" +
	"  output: {image: 'registry.example.com/a:1', imagePushSecret: push}\n"

// TestEarlierFollowsTheCluster: a Workspace that is the same in Git is taken over from the answer before only if what
// it follows from is the same in the cluster: what is live of it, and each object that it names.
func TestEarlierFollowsTheCluster(t *testing.T) {
	onKarpenter := NodePools{Settings: karpenter.Settings{
		Class: karpenter.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "default"},
	}}
	key := workspace.Key{Namespace: "default", Name: "tune"}
	secret := cluster.Ref{Version: "v1", Kind: "Secret", Namespace: "default", Name: "push"}
	found := func(ref cluster.Ref, is cluster.Presence) map[cluster.Ref]cluster.Reference {
		return map[cluster.Ref]cluster.Reference{ref: {Presence: is}}
	}
	for name, tt := range map[string]struct {
		source NodeSource
		change func(seen *Observed, digest string)
		says   func(w *Workload) bool // what a new answer says, and the one before did not
	}{
		"what is live of it": {
			nil, func(seen *Observed, digest string) {
				job := cluster.Workload{
					Ref: cluster.Ref{Group: "batch", Version: "v1", Kind: "Job"}, Inputs: digest, Complete: true,
				}
				seen.State.Workloads = map[workspace.Key]cluster.Workload{key: job}
				seen.State.Version, seen.State.Versions = 2, map[workspace.Key]uint64{key: 2}
			}, func(w *Workload) bool { return w.Finished },
		},
		"an object that it names": {
			nil, func(seen *Observed, _ string) { seen.Found = found(secret, cluster.Missing) },
			func(w *Workload) bool { return len(w.Missing) > 0 },
		},
		"the class of its nodes": {
			onKarpenter, func(seen *Observed, _ string) {
				class := onKarpenter.Settings.Class
				ref := cluster.Ref{Group: class.Group, Kind: class.Kind, Name: class.Name}
				seen.Found = found(ref, cluster.Missing)
			}, func(w *Workload) bool { return len(w.Notes) > 0 },
		},
		"the nodes that exist": {
			ExistingNodes{},
			func(seen *Observed, _ string) { seen.State.Nodes = nil },
			func(w *Workload) bool { return w.Waiting != "" },
		},
		"that there is no cluster any more": {
			ExistingNodes{},
			func(seen *Observed, _ string) { seen.Live = false },
			func(w *Workload) bool { return w.Assumed != "" },
		},
		"an adapter that was pushed": {
			nil, func(seen *Observed, _ string) {
				seen.Adapters = map[workspace.Key]map[string]string{key: {"a:1": "a@sha256:b"}}
			}, func(w *Workload) bool { return len(w.adapters) > 0 },
		},
		"what is unknown of an adapter": {
			nil, func(seen *Observed, _ string) { seen.Notes = map[workspace.Key][]string{key: {"unknown"}} },
			func(w *Workload) bool { return len(w.Notes) > 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := Policy{Cluster: "demo", Region: "eastus", Source: tt.source}
			text, seen := tuning, Observed{Live: true, Found: map[cluster.Ref]cluster.Reference{}}
			if tt.source == (ExistingNodes{}) { // labels select the nodes
				seen.State.Nodes = []cluster.Node{a100("n", 1, "app=x")}
				text = strings.Replace(tuning, "instanceType: Standard_NC24ads_A100_v4, ", "", 1)
			}
			files := fstest.MapFS{"tune.yaml": {Data: []byte(text)}}
			in, err := Read(files, presets.FS, load.Options{}, policy.NodeSource().Admission(), render.NewCache())
			if err != nil {
				t.Fatal(err)
			}
			seen.State.Version, seen.State.Versions = 1, map[workspace.Key]uint64{key: 1}
			desire := func(seen Observed, before *Earlier) Desired {
				t.Helper()
				p := policy
				p.Earlier = before
				d, err := Desire(t.Context(), in.Set, in.Catalog, in.Renderer, p, seen)
				if err != nil || len(d.Workloads) != 1 || len(d.Workloads[0].Blocked) > 0 {
					t.Fatalf("%v, %+v", err, d.Problems)
				}
				return d
			}
			first := desire(seen, nil)
			before := NewEarlier(in.Set, in.Catalog, seen, first)
			if again := desire(seen, before); again.Workloads[0] != first.Workloads[0] {
				t.Fatal("with the same in the cluster, the Workload is another one")
			}
			tt.change(&seen, in.Set.Workspaces[0].Digest)
			fresh, again := desire(seen, nil), desire(seen, before)
			if tt.says(first.Workloads[0]) || !tt.says(fresh.Workloads[0]) {
				t.Fatalf("the change means nothing: %+v", fresh.Workloads[0])
			}
			if !tt.says(again.Workloads[0]) {
				t.Errorf("it is taken over: %+v", again.Workloads[0])
			}
		})
	}
}

// repository is a source with a preset of its own, and what was decided of it last.
type repository struct {
	files  fstest.MapFS
	memo   *load.Memo
	cache  *render.Cache
	before *Earlier
}

// tree is the files of a commit, which knows their contents without reading them.
type tree struct{ fstest.MapFS }

// ContentID implements files.Identified.
func (t tree) ContentID(name string) (id string, ok bool) {
	f, ok := t.MapFS[name]
	if !ok {
		return "", false
	}
	return string(f.Data), true
}

const ownPreset = "presets/models/phi-3-mini-128k-instruct/"

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{fstest.MapFS{"tune.yaml": {Data: []byte(tuning)}}, load.NewMemo(), render.NewCache(), nil}
	for _, name := range []string{ownPreset + "preset.yaml", ownPreset + "kustomization.yaml"} {
		data, err := presets.FS.ReadFile(strings.TrimPrefix(name, "presets/"))
		if err != nil {
			t.Fatal(err)
		}
		r.files[name] = &fstest.MapFile{Data: data}
	}
	return r
}

// edit replaces a text in a file, in a copy of the files.
func (r *repository) edit(name, old, now string) {
	r.files = maps.Clone(r.files)
	text := ""
	if r.files[name] != nil {
		text = string(r.files[name].Data)
	}
	r.files[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, now, 1))}
}

// desire returns the Workloads from nothing, and those from what was decided before.
func (r *repository) desire(t *testing.T) (fresh, again []*Workload) {
	t.Helper()
	policy := Policy{Cluster: "demo", Region: "eastus"}
	in, err := Read(tree{r.files}, presets.FS, load.Options{Memo: r.memo, Objects: []string{"ConfigMap"}},
		policy.NodeSource().Admission(), r.cache)
	if err != nil {
		t.Fatal(err)
	}
	seen := Observed{Live: true}
	seen.State.Version, seen.State.Versions = 1, map[workspace.Key]uint64{}
	var out [2]Desired
	for i, before := range []*Earlier{nil, r.before} {
		policy.Earlier = before
		if out[i], err = Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen); err != nil {
			t.Fatal(err)
		}
		for _, w := range out[i].Workloads {
			if len(w.Blocked) > 0 {
				t.Fatalf("%s is blocked: %+v", w.Key, w.Blocked)
			}
		}
	}
	r.before = r.before.Next(in.Set, in.Catalog, seen, out[1])
	return out[0].Workloads, out[1].Workloads
}

// TestEarlierFollowsTheRepository: a Workspace whose own file is the same is decided again if its preset is another
// one, and if so is the ConfigMap of its method, which it does not name.
func TestEarlierFollowsTheRepository(t *testing.T) {
	const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lora-params-template, namespace: default}\n" +
		"data: {training_config.yaml: 'training_config: {TrainingArguments: {output_dir: /mnt/a}}'}\n"
	for name, tt := range map[string]struct {
		file, old, now string
		says           func(w *Workload) any
	}{
		"the facts of its preset": {
			ownPreset + "preset.yaml", "disk: 80Gi", "disk: 120Gi", func(w *Workload) any { return w.diskGiB },
		},
		"the overlay of its preset": {
			ownPreset + "kustomization.yaml", "labels:", "commonAnnotations: {a: b}\nlabels:",
			func(w *Workload) any { return w.Bundle.Digest },
		},
		"the configuration of its method": {
			"conf.yaml", "/mnt/a", "/mnt/b", func(w *Workload) any { return w.Bundle.Digest },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			r.edit("conf.yaml", "", config)
			_, first := r.desire(t)
			if _, again := r.desire(t); again[0] != first[0] {
				t.Error("from the same files, the Workload is another one")
			}
			r.edit(tt.file, tt.old, tt.now)
			fresh, again := r.desire(t)
			if tt.says(fresh[0]) == tt.says(first[0]) {
				t.Fatalf("the change means nothing: %v", tt.says(fresh[0]))
			}
			if got, want := tt.says(again[0]), tt.says(fresh[0]); got != want {
				t.Errorf("%v, and %v from nothing", got, want)
			}
		})
	}
}

// TestEarlierKnowsPresets: the digest of a preset stays known as long as a Workspace has it, so that the Workspace is
// taken over when other presets change: also after a commit that left the presets and the Workspace alone, and after
// one in which the Workspace came.
func TestEarlierKnowsPresets(t *testing.T) {
	r := newRepository(t)
	r.desire(t)
	r.edit("a.yaml", "", "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n"+
		"resource: {instanceType: Standard_NC24ads_A100_v4}\ninference: {preset: {name: phi-4}}\n")
	r.desire(t)
	r.edit("a.yaml", "phi-4", "phi-4-mini-instruct")
	_, last := r.desire(t)
	r.edit("presets/components/mine/kustomization.yaml", "",
		"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n")
	_, again := r.desire(t)
	for i, w := range last {
		if again[i] != w {
			t.Errorf("%s is decided again", w.Key)
		}
	}
}

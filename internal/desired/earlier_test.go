// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// TestEarlierFollowsTheCluster: a Workspace that is the same in Git is taken over from the answer before only if what
// it follows from is the same in the cluster: what is live of it, and each object that it names.
func TestEarlierFollowsTheCluster(t *testing.T) {
	const tuning = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: tune}\n" +
		"resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: x}}}\n" +
		"tuning:\n  preset: {name: phi-3-mini-128k-instruct}\n  method: lora\n  input: {urls: ['https://example.com/d']}\n" +
		"  output: {image: 'registry.example.com/a:1', imagePushSecret: push}\n"
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
	} {
		t.Run(name, func(t *testing.T) {
			policy := Policy{Cluster: "demo", Region: "eastus", Source: tt.source}
			files := fstest.MapFS{"tune.yaml": {Data: []byte(tuning)}}
			in, err := Read(files, presets.FS, load.Options{}, policy.NodeSource().Admission(), render.NewCache())
			if err != nil {
				t.Fatal(err)
			}
			seen := Observed{Live: true, Found: map[cluster.Ref]cluster.Reference{}}
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

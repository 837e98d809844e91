// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// source is a repository that random edits change. Its names are such that Workspaces meet in an object: with each
// other by the Service of their pods, or by what a preset of the repository adds, and with a plain object.
type source struct {
	rng   *rand.Rand
	files fstest.MapFS
}

func (s *source) edit() {
	name := []string{"a", "a-headless", "b", "c", "d", "b", "c", "d"}[s.rng.IntN(8)]
	head := fmt.Sprintf(workspaceHead, name)
	switch s.rng.IntN(9) {
	case 0, 1:
		delete(s.files, name+".yaml")
	case 2:
		s.files[name+".yaml"] = text("%stuning:\n  preset: {name: phi-3-mini-128k-instruct}\n  method: lora\n"+
			"  input: {urls: ['https://example.com/%d']}\n"+
			"  output: {image: 'registry.example.com/a:1', imagePushSecret: push}\n",
			head, s.rng.IntN(2))
	case 3, 4, 5:
		s.files[name+".yaml"] = text("%sinference: {preset: {name: %s}}\n", head,
			[]string{"phi-4", "phi-4-mini-instruct", "phi-4-mini-instruct", "no-such-preset"}[s.rng.IntN(4)])
	case 6:
		s.files["service.yaml"] = text("apiVersion: v1\nkind: Service\nmetadata: {name: %s, annotations: {a: '%d'}}\n"+
			"spec: {ports: [{port: 80}]}\n", name, s.rng.IntN(2))
	case 7:
		delete(s.files, "service.yaml")
	default:
		if s.rng.IntN(3) > 0 {
			s.budget()
		} else {
			maps.DeleteFunc(s.files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, "presets/") })
		}
	}
}

const workspaceHead = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: %s}\n" +
	"resource: {instanceType: Standard_NC24ads_A100_v4}\n"

func text(format string, args ...any) *fstest.MapFile {
	return &fstest.MapFile{Data: fmt.Appendf(nil, format, args...)}
}

// budget has the preset add an object of one name to each of its Workspaces.
func (s *source) budget() {
	s.files["presets/components/benchmark/kustomization.yaml"] = text(
		"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [budget.yaml]\n")
	s.files["presets/components/benchmark/budget.yaml"] = text(
		"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: budget}\n" +
			"spec: {selector: {matchLabels: {a: b}}}\n")
}

// serve adds a Workspace of that preset.
func (s *source) serve(name string) {
	s.files[name+".yaml"] = text(workspaceHead+"inference: {preset: {name: phi-4-mini-instruct}}\n", name)
}

// TestDesireFollowsEarlier: over random edits, and with other things live each time, the desired state that starts from
// the one before is what it is from nothing: conflicts, errors and objects in their order.
func TestDesireFollowsEarlier(t *testing.T) {
	for seed := range uint64(3) {
		s := &source{rand.New(rand.NewPCG(seed, 3)), fstest.MapFS{}}
		s.budget()
		s.serve("b")
		memo, cache := load.NewMemo(), render.NewCache()
		var last *desired.Earlier
		var moves cluster.Moves
		seen := desired.Observed{Live: true, Moves: &moves}
		seen.State.Versions = map[workspace.Key]uint64{}
		for round := range 40 {
			switch {
			case round == 1:
				s.serve("c") // which meets b
			case round > 1:
				for range s.rng.IntN(3) {
					s.edit()
				}
			}
			options := load.Options{Objects: []string{"ConfigMap", "Service"}, Memo: memo}
			policy := desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}
			in, err := desired.Read(maps.Clone(s.files), presets.FS, options, policy.NodeSource().Admission(), cache)
			if err != nil {
				t.Fatal(err)
			}
			seen.State.Version++
			if seen.State.Versions = maps.Clone(seen.State.Versions); len(in.Set.Workspaces) > 0 && s.rng.IntN(2) == 0 {
				w := &in.Set.Workspaces[s.rng.IntN(len(in.Set.Workspaces))]
				seen.State.Versions[w.Key] = seen.State.Version
				seen.State.Workloads = maps.Clone(seen.State.Workloads)
				if seen.State.Workloads == nil {
					seen.State.Workloads = map[workspace.Key]cluster.Workload{}
				}
				seen.State.Workloads[w.Key] = cluster.Workload{
					Ref:    cluster.Ref{Group: "batch", Version: "v1", Kind: "Job"},
					Inputs: w.Digest, Complete: s.rng.IntN(2) == 0,
				}
			}
			desire := func(policy desired.Policy) desired.Desired {
				d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			want := desire(policy)
			policy.Earlier = last
			got := desire(policy)
			if a, b := stated(want), stated(got); a != b {
				t.Fatalf("seed %d, round %d: from nothing\n%s\nfrom the one before\n%s\nfiles %v", seed, round, a, b,
					slices.Sorted(maps.Keys(s.files)))
			}
			last = last.Next(in.Set, in.Catalog, seen, got)
		}
	}
}

// stated lists what a desired state says.
func stated(d desired.Desired) string {
	out := listed(d)
	for _, w := range d.Workloads {
		out += fmt.Sprintf("%s: finished %t, waiting %q, blocked %d, notes %q\n",
			w.Key, w.Finished, w.Waiting, len(w.Blocked),
			w.Notes)
	}
	for i, o := range d.Objects {
		out += fmt.Sprintf("%s %s %v\n", o.Workspace, d.Objects[i].Ref(), o.Content.Object)
	}
	for i := range d.Workloads {
		from, to := d.ObjectsOf(i)
		out += fmt.Sprintf("%d-%d ", from, to)
	}
	return out
}

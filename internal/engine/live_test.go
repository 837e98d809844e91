// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

const tuning = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: tune}}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: qlora
  input: {urls: ["https://example.com/data.parquet"]}
  output: {image: "example.azurecr.io/out:1", imagePushSecret: push}
`

// TestFinishedTuningStaysFinished plans changes beside a tuning whose Job is over and whose pool has no nodes, while
// the look at Azure may be older than the one at the cluster. Only a change of the tuning itself gives it nodes again.
func TestFinishedTuningStaysFinished(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "tune"}
	before := fstest.MapFS{"tune.yaml": {Data: []byte(tuning)}}
	with := func(name, text string) fstest.MapFS {
		out := maps.Clone(before)
		out[name] = &fstest.MapFile{Data: []byte(text)}
		return out
	}
	beside := with("other.yaml", strings.Replace(tuning, "name: tune}", "name: other}", 1))
	again := with("tune.yaml", strings.Replace(tuning, "data.parquet", "more.parquet", 1))
	d := drawn{policy: desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}}
	read := d.read(render.NewCache())
	in, err := read(Revision{Files: before})
	if err != nil {
		t.Fatal(err)
	}
	job := cluster.Workload{
		Ref:    cluster.Ref{Group: "batch", Version: "v1", Kind: "Job", Namespace: "default", Name: "tune"},
		Inputs: in.Set.Workspaces[0].Digest, Pool: "wtune", GPUs: 1, Complete: true,
	}
	failed, running := job, job
	failed.Complete, failed.Failed = false, true
	running.Complete, running.Active = false, 1
	pool := capacity.LivePool{
		Name: "wtune", Size: "Standard_NC24ads_A100_v4", State: capacity.Succeeded, Owned: true, Workspace: key,
	}
	one := pool
	one.Count = 1
	for _, tt := range []struct {
		name   string
		job    cluster.Workload
		azure  bool
		pools  []capacity.LivePool
		head   fstest.MapFS
		nodes  string // of the tuning, before and after
		differ bool   // the tuning is part of the plan
	}{
		{"over, no nodes", job, true, []capacity.LivePool{pool}, beside, "0 -> 0", false},
		{"over, Azure seen before", job, true, []capacity.LivePool{one}, beside, "0 -> 0", false},
		{"over, its pool is gone", job, true, nil, beside, "0 -> 0", false},
		{"over, Azure unknown", job, false, nil, beside, "0 -> 0", false},
		{"failed", failed, true, []capacity.LivePool{pool}, beside, "0 -> 0", false},
		{"runs", running, true, []capacity.LivePool{one}, beside, "1 -> 1", false},
		{"over, with other inputs", job, true, []capacity.LivePool{pool}, again, "0 -> 1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			live := Live{
				Asked: findings.Asked{Cluster: true, Azure: tt.azure},
				State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{key: tt.job}, AllPods: true},
				Pools: tt.pools,
			}
			e := New(Settings{Policy: d.policy, Read: read, Live: live}, nil)
			p, err := e.Between(t.Context(), Revision{Inputs: "1", Files: before}, Revision{Inputs: "2", Files: tt.head})
			if err != nil {
				t.Fatal(err)
			}
			for i := range p.Workspaces {
				w := p.Workspaces[i]
				if w.Key != key {
					continue
				}
				if got := fmt.Sprintf("%d -> %d", w.Before.Nodes, w.After.Nodes); got != tt.nodes {
					t.Errorf("nodes %s, want %s", got, tt.nodes)
				}
				if differ := w.Op != plan.NoOp; differ != tt.differ {
					t.Errorf("the tuning is %s: %+v", w.Op, p.Changes)
				}
			}
			if want := map[bool]string{true: "1 model replaced", false: "1 model created"}[tt.differ]; !strings.HasPrefix(
				p.Verdict().Line, want) {
				t.Errorf("got %q, want %q", p.Verdict().Line, want)
			}
			if strings.Contains(p.Verdict().Line, "+5,363") {
				t.Errorf("two nodes for one: %s", p.Verdict().Line)
			}
		})
	}
}

// TestFinishedTuningGoesNowhere plans a change beside a tuning that is over, whose shared pool has no nodes any more.
// Elsewhere would be cheaper now, but a tuning without nodes does not move, and its Job stays as it is.
func TestFinishedTuningGoesNowhere(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "tune"}
	auto := []byte(strings.Replace(tuning, "Standard_NC24ads_A100_v4", "auto", 1))
	before := fstest.MapFS{"tune.yaml": {Data: auto}}
	head := fstest.MapFS{
		"tune.yaml": {Data: auto}, "other.yaml": {Data: []byte(strings.Replace(tuning, "name: tune}", "name: other}", 1))},
	}
	d := drawn{policy: desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}}
	read := d.read(render.NewCache())
	in, err := read(Revision{Files: before})
	if err != nil {
		t.Fatal(err)
	}
	live := Live{
		Asked: findings.Asked{Cluster: true, Azure: true},
		State: cluster.State{AllPods: true, Workloads: map[workspace.Key]cluster.Workload{key: {
			Ref:    cluster.Ref{Group: "batch", Version: "v1", Kind: "Job", Namespace: "default", Name: "tune"},
			Inputs: in.Set.Workspaces[0].Digest, Pool: "shared-nc40", GPUs: 1, Complete: true,
		}}},
		Pools: []capacity.LivePool{
			{Name: "shared-nc40", Size: "Standard_NC40ads_H100_v5", State: capacity.Succeeded, Owned: true},
		},
	}
	e := New(Settings{Policy: d.policy, Read: read, Live: live}, nil)
	p, err := e.Between(t.Context(), Revision{Inputs: "1", Files: before}, Revision{Inputs: "2", Files: head})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(p.Workspaces, func(w *plan.Workspace) bool { return w.Key == key })
	w := p.Workspaces[i]
	if w.Op != plan.NoOp || w.Before.InstanceType != "Standard_NC40ads_H100_v5" {
		t.Errorf("the tuning is %s on %s: %+v", w.Op, w.Before.InstanceType, p.Changes)
	}
	if diff := cmp.Diff(w.Before, w.After); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	for _, c := range p.Changes {
		if c.Workspace == key && c.Op != plan.NoOp {
			t.Errorf("%s of %s: %s", c.Op, c.Target, c.Reason)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

var policy = desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}

// side computes the desired state of files.
func side(t *testing.T, files map[string]string, seen desired.Observed) Side {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in, err := desired.Read(fs.FS(tree), presets.FS, load.Options{}, workspace.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil {
		t.Fatal(err)
	}
	return Side{Set: in.Set, Desired: d}
}

func TestBetween(t *testing.T) {
	base := side(t, map[string]string{
		"stays.yaml": serve("stays", "Standard_NC24ads_A100_v4"),
		"grows.yaml": serve("grows", "Standard_NC24ads_A100_v4"),
		"goes.yaml":  serve("goes", "Standard_NC24ads_A100_v4"),
		"tuned.yaml": tune("tuned", "example.azurecr.io/a:1"),
	}, desired.Observed{Eventual: true})
	head := side(t, map[string]string{
		"stays.yaml": serve("stays", "Standard_NC24ads_A100_v4"),
		"grows.yaml": serve("grows", "Standard_NC40ads_H100_v5"),
		"tuned.yaml": tune("tuned", "example.azurecr.io/a:2"),
		"comes.yaml": serve("comes", "auto"),
		"bad.yaml":   strings.Replace(serve("bad", "auto"), "preset:", "preest:", 1),
	}, Eventually(base))
	p := Between(policy, strings.Repeat("a", 40), strings.Repeat("b", 40), base, head)
	data, err := json.MarshalIndent(DocumentOf(&p), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/between.json", append(data, '\n'))

	same := Between(policy, "a", "a", base, base)
	if !same.Empty() || same.Cost.Before != same.Cost.After {
		t.Errorf("a commit differs from itself: %+v", same.Changes)
	}
}

// liveOf returns a cluster in which the desired state of a side is live.
func liveOf(s Side) desired.Observed {
	seen := desired.Observed{State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}}
	for _, o := range s.Desired.Objects {
		seen.State.Objects = append(seen.State.Objects, &cluster.Object{
			Ref:       cluster.RefOf(o.Content),
			Workspace: o.Workspace,
			Owned:     true,
			Source:    o.Content.GetAnnotations()[cluster.AnnotationSource],
		})
		if isWorkload(o.Content) {
			seen.State.Workloads[o.Workspace] = cluster.Workload{
				Ref:    cluster.RefOf(o.Content),
				Inputs: o.Content.GetAnnotations()[cluster.AnnotationInputs],
			}
		}
	}
	for _, p := range s.Desired.Pools() {
		seen.Pools = append(seen.Pools, capacity.LivePool{
			Name:      p.Name,
			Size:      p.SKU.Name,
			Count:     p.Count,
			Labels:    p.Labels,
			Taints:    p.Taints,
			State:     capacity.Succeeded,
			Owned:     true,
			Workspace: p.Workspace,
		})
	}
	return seen
}

// DocumentOf is document.Of, which imports this package.
var DocumentOf func(*Plan) any

// blank returns previews that change nothing.
func blank(n int) []*cluster.Preview {
	out := make([]*cluster.Preview, n)
	for i := range out {
		out[i] = &cluster.Preview{}
	}
	return out
}

func against(s Side, seen desired.Observed, change func(*LiveInput)) Plan {
	in := LiveInput{
		Policy:   policy,
		Head:     "head",
		Side:     s,
		Seen:     seen,
		Previews: blank(len(s.Desired.Objects)),
		Quota:    func() (capacity.Quota, error) { return capacity.Quota{}, nil },
	}
	for i, o := range s.Desired.Objects {
		in.Previews[i].Ref = cluster.RefOf(o.Content)
	}
	if change != nil {
		change(&in)
	}
	return AgainstLive(in)
}

func deletions(p Plan) (deleted, held int) {
	for _, c := range p.Changes {
		gone := c.Live != nil || c.Pool != nil && c.Pool.Desired == nil
		switch {
		case gone && c.Op == Delete:
			deleted++
		case gone && (c.Op == Hold || c.Op == NoOp):
			held++
		}
	}
	return deleted, held
}

// TestNothingIsDeletedOnABrokenRead is the rule that matters most.
func TestNothingIsDeletedOnABrokenRead(t *testing.T) {
	files := map[string]string{
		"a.yaml": serve("a", "Standard_NC24ads_A100_v4"),
		"b.yaml": serve("b", "Standard_NC24ads_A100_v4"),
		"t.yaml": tune("t", "example.azurecr.io/a:1"),
	}
	seen := liveOf(side(t, files, desired.Observed{}))
	without := func(name string) map[string]string {
		out := map[string]string{}
		for k, v := range files {
			if k != name {
				out[k] = v
			}
		}
		return out
	}
	broken := without("a.yaml")
	broken["a.yaml"] = "kind: [Workspace"
	invalid := without("a.yaml")
	invalid["a.yaml"] = strings.Replace(files["a.yaml"], "inference:", "infernce:", 1)
	renamed := without("a.yaml")
	renamed["new-name.yaml"] = "metadata: {name: a}\nkind: [Workspace"
	elsewhere := without("a.yaml")
	elsewhere["other.yaml"] = "kind: [Workspace"

	for _, tt := range []struct {
		name    string
		files   map[string]string
		change  func(*LiveInput)
		deletes bool
	}{
		{"as it is", files, nil, false},
		{"removed", without("a.yaml"), nil, true},
		{"its file is broken", broken, nil, false},
		{"its file is invalid", invalid, nil, false},
		{"its file was renamed and broken", renamed, nil, false},
		{"another file is broken", elsewhere, nil, true},
		{"empty", map[string]string{}, nil, false},
		{"empty, confirmed", map[string]string{}, func(in *LiveInput) { in.AllowEmpty = true }, true},
		{"removed, but Git is stale", without("a.yaml"), func(in *LiveInput) { in.Stale = "Git cannot be read" }, false},
		{"removed, but pruning is off", without("a.yaml"), func(in *LiveInput) { in.Policy.Prune = false }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := against(side(t, tt.files, seen), seen, tt.change)
			deleted, held := deletions(p)
			if (deleted > 0) != tt.deletes {
				t.Errorf("%d deletions, %d held: %+v", deleted, held, p.Changes)
			}
		})
	}
}

func TestPoolWaitsForItsPods(t *testing.T) {
	full := side(
		t,
		map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4"), "b.yaml": serve("b", "Standard_NC24ads_A100_v4")},
		desired.Observed{},
	)
	seen := liveOf(full)
	key := workspace.Key{Namespace: "default", Name: "a"}
	pool := full.Desired.Workloads[0].Pool.Name
	seen.State.Nodes = []cluster.Node{{Name: "n", Pool: pool}}
	w := seen.State.Workloads[key]
	w.Pods = []cluster.Pod{{Name: "a-0", Node: "n", Phase: "Running"}}
	seen.State.Workloads[key] = w
	rest := side(t, map[string]string{"b.yaml": serve("b", "Standard_NC24ads_A100_v4")}, seen)
	for _, running := range []bool{true, false} {
		if !running {
			delete(seen.State.Workloads, key)
		}
		p := against(rest, seen, nil)
		for _, c := range p.Changes {
			if c.Pool != nil && c.Pool.Name == pool && (c.Op == Update) == running {
				t.Errorf("with a pod on it %t: %s (%s)", running, c.Op, c.Reason)
			}
		}
	}
}

func TestFinishedTuningReleasesItsNodes(t *testing.T) {
	s := side(t, map[string]string{"t.yaml": tune("t", "example.azurecr.io/a:1")}, desired.Observed{})
	seen := liveOf(s)
	key := workspace.Key{Namespace: "default", Name: "t"}
	w := seen.State.Workloads[key]
	w.Complete = true
	seen.State.Workloads[key] = w
	again := side(t, map[string]string{"t.yaml": tune("t", "example.azurecr.io/a:1")}, seen)
	if got := again.Desired.Workloads[0].Pool.Count; got != 0 {
		t.Errorf("%d nodes after the job has finished", got)
	}
	changed := side(t, map[string]string{"t.yaml": tune("t", "example.azurecr.io/a:2")}, seen)
	if got := changed.Desired.Workloads[0].Pool.Count; got != 1 {
		t.Errorf("%d nodes for other inputs", got)
	}
}

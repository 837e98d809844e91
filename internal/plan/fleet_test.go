// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

func poolChange(p Plan, name string) *capacity.PoolChange {
	for i := range p.Changes {
		if c := p.Changes[i]; c.Pool != nil && c.Pool.Name == name {
			return c.Pool
		}
	}
	return nil
}

// running returns a cluster in which the desired state of a side runs.
func running(s Side) desired.Observed {
	seen := Eventually(s)
	seen.Eventual, seen.Live, seen.State.AllPods = false, true, true
	for _, o := range s.Desired.Objects {
		seen.State.Objects = append(
			seen.State.Objects,
			&cluster.Object{
				Ref:       cluster.RefOf(o.Content),
				Workspace: o.Workspace,
				Owned:     true,
				Source:    o.Content.GetAnnotations()[cluster.AnnotationSource],
			},
		)
	}
	return seen
}

func two() map[string]string {
	return map[string]string{"a.yaml": serve("a", "auto"), "b.yaml": serve("b", "auto")}
}

// TestSharedPoolLosesOnlyEmptyNodes removes one of two Workspaces that share a pool.
func TestSharedPoolLosesOnlyEmptyNodes(t *testing.T) {
	full := side(t, two(), desired.Observed{})
	pool := full.Desired.Fleet.Pools[0].Name
	without := map[string]string{"b.yaml": serve("b", "auto")}
	unreadable := map[string]string{"b.yaml": serve("b", "auto"), "a.yaml": "kind: [Workspace"}
	invalid := map[string]string{
		"b.yaml": serve("b", "auto"),
		"a.yaml": strings.Replace(serve("a", "auto"), "inference:", "infernce:", 1),
	}
	key := workspace.Key{Namespace: "default", Name: "a"}
	podGone := func(o *desired.Observed) { delete(o.State.Workloads, key) }
	for _, tt := range []struct {
		name   string
		files  map[string]string
		change func(*desired.Observed)
		op     capacity.Op
		remove int
		reason string
	}{
		{name: "its pod still runs", files: without, change: func(*desired.Observed) {}, op: capacity.Keep},
		{name: "its pod is gone", files: without, change: podGone, op: capacity.Update, remove: 1, reason: "without"},
		{"an unmanaged pod runs on it", without, func(o *desired.Observed) {
			podGone(o)
			for i := range o.State.Nodes {
				o.State.Nodes[i].Pods = []string{"kube-system/x"}
			}
		}, capacity.Keep, 0, ""},
		{"unmanaged pods are unknown", without, func(o *desired.Observed) {
			podGone(o)
			o.State.AllPods = false
		}, capacity.Wait, 0, "in use"},
		{name: "its file is unreadable", files: unreadable, change: podGone, op: capacity.Wait},
		{"its file is invalid, and it waits for its node", invalid, func(o *desired.Observed) {
			w := o.State.Workloads[key]
			w.Pods = nil
			o.State.Workloads[key] = w
		}, capacity.Keep, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := running(full)
			seen.State.Workloads = maps.Clone(seen.State.Workloads)
			tt.change(&seen)
			c := poolChange(against(side(t, tt.files, seen), seen, nil), pool)
			if c == nil || c.Op != tt.op || len(c.Remove) != tt.remove || !strings.Contains(c.Reason, tt.reason) {
				t.Errorf("%+v, want %s of %d nodes", c, tt.op, tt.remove)
			}
		})
	}
}

// TestSharedPoolIsNotDeletedOnABrokenRead removes both.
func TestSharedPoolIsNotDeletedOnABrokenRead(t *testing.T) {
	full := side(t, two(), desired.Observed{})
	pool := full.Desired.Fleet.Pools[0].Name
	other := map[string]string{"c.yaml": serve("c", "Standard_NC24ads_A100_v4")}
	broken := maps.Clone(other)
	broken["a.yaml"] = "kind: [Workspace"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  capacity.Op
	}{
		{"removed", other, capacity.Update}, // to zero, then deleted
		{"broken", broken, capacity.Keep},
		{"empty", map[string]string{}, capacity.Keep},
	} {
		seen := running(full)
		seen.State.Workloads = nil
		if c := poolChange(against(side(t, tt.files, seen), seen, nil), pool); c == nil || c.Op != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, c, tt.want)
		}
	}
}

// TestNoPlaceIsReported has a limit that allows nodes for one of two. Neither file is wrong: the limit may change.
func TestNoPlaceIsReported(t *testing.T) {
	limited := policy
	limited.Limits.Nodes, limited.Limits.AllowedSizes = 1, []string{"Standard_NV36ads_A10_v5"} // of one GPU
	defer func(p desired.Policy) { policy = p }(policy)
	policy = limited
	if d := side(t, two(), desired.Observed{}).Desired; len(d.Problems) > 0 || len(d.Fleet.Unplaced) != 1 {
		t.Errorf("offline: %v, %v", d.Problems, d.Fleet.Unplaced)
	}
	seen := desired.Observed{Live: true, State: cluster.State{AllPods: true}}
	p := against(side(t, two(), seen), seen, func(in *LiveInput) { in.Policy = limited })
	if a, b := p.Workspaces[0], p.Workspaces[1]; !a.Shared || a.Op == Hold || b.Op != Hold ||
		!strings.HasPrefix(b.Unplaced, "capacity.limits.nodes is 1, which leaves 0; needs 1 more") {
		t.Errorf("the plan says %+v, %+v", a, b)
	}
	for _, c := range p.Changes {
		if c.Workspace.Name == "b" {
			t.Errorf("a change for the Workspace without a place: %+v", c)
		}
	}
}

// TestOneMoreChangesOnlyItself adds a Workspace to a commit: those that were there stay where they are.
func TestOneMoreChangesOnlyItself(t *testing.T) {
	base := side(t, two(), desired.Observed{Eventual: true})
	files := two()
	files["0.yaml"] = serve("aaa", "auto")
	p := Between(policy, "a", "b", base, side(t, files, Eventually(base)))
	for _, w := range p.Workspaces {
		if want := map[bool]Op{true: Create, false: NoOp}[w.Key.Name == "aaa"]; w.Op != want {
			t.Errorf("%s: %s, want %s", w.Key, w.Op, want)
		}
	}
	if c := poolChange(p, base.Desired.Fleet.Pools[0].Name); c == nil || c.Op != capacity.Update || c.Desired.Count != 3 {
		t.Errorf("pool %+v", c)
	}
	gone := Between(
		policy,
		"b",
		"a",
		side(t, files, desired.Observed{Eventual: true}),
		side(t, two(), Eventually(side(t, files, desired.Observed{Eventual: true}))),
	)
	if c := poolChange(gone, base.Desired.Fleet.Pools[0].Name); c == nil || c.Op != capacity.Update ||
		c.Desired.Count != 2 {
		t.Errorf("pool after the removal %+v", c)
	}
}

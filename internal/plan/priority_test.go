// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

func keyOf(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

func prioritized(text, priority string) string {
	return annotated(text, "syncer.dev/priority: "+priority)
}

func workload(t *testing.T, s Side, name string) *desired.Workload {
	t.Helper()
	for i := range s.Desired.Workloads {
		if s.Desired.Workloads[i].Name == name {
			return s.Desired.Workloads[i]
		}
	}
	t.Fatalf("no Workspace %s", name)
	return nil
}

// TestPriorityInEachMode gives one place to two Workspaces: that of high priority gets it, although its name and its
// file come last, and the other one says for whom it waits.
func TestPriorityInEachMode(t *testing.T) {
	const size = "Standard_NC24ads_A100_v4"
	one := capacity.Limits{Nodes: 1, AllowedSizes: []string{size}} // a size with one GPU
	aks := desired.Policy{Cluster: "demo", Region: "eastus", Limits: one}
	onAzureOnce := onKarpenter(onAzure)
	onAzureOnce.Limits = one
	for name, tt := range map[string]struct {
		policy desired.Policy
		seen   desired.Observed
		file   func(name string) string
		held   func(w *desired.Workload) string
	}{
		"aks, named": {
			aks,
			desired.Observed{Live: true},
			func(name string) string { return serve(name, size) },
			func(w *desired.Workload) string { return w.Waiting },
		},
		"aks, automatic": {
			aks,
			desired.Observed{Live: true},
			func(name string) string { return serve(name, "auto") },
			func(w *desired.Workload) string { return w.Waiting },
		},
		"byo": {
			onExisting, nodes(a100("n", 1, "app=phi")), func(name string) string { return existing(name, "app: phi") },
			func(w *desired.Workload) string { return w.Waiting },
		},
		"karpenter": {
			onAzureOnce,
			desired.Observed{Live: true},
			func(name string) string { return serve(name, size) },
			func(w *desired.Workload) string { return w.Held },
		},
	} {
		s := sideFor(t, tt.policy, map[string]string{
			"a.yaml": prioritized(tt.file("a"), "low"), "z.yaml": prioritized(tt.file("z"), "high"),
		}, tt.seen)
		a, z := workload(t, s, "a"), workload(t, s, "z")
		if len(a.Blocked)+len(z.Blocked) > 0 {
			t.Fatalf("%s: %v %v", name, a.Blocked, z.Blocked)
		}
		const behind = "; it waits behind default/z (priority high before low)"
		if tt.held(z) != "" || !strings.HasSuffix(tt.held(a), behind) {
			t.Errorf("%s: a: %q, z: %q", name, tt.held(a), tt.held(z))
		}
		if len(a.Behind) != 1 || a.Behind[0].Workspace != keyOf("z") {
			t.Errorf("%s: %+v", name, a.Behind)
		}
		ofA := func(o desired.Object) bool { return o.Workspace == a.Key }
		if a.Waiting != "" && slices.ContainsFunc(s.Desired.Objects, ofA) {
			t.Errorf("%s: the one that waits has objects", name)
		}
	}
}

// TestCapsAndFirstSeen caps the priority of a namespace; then the one that was seen first goes first.
func TestCapsAndFirstSeen(t *testing.T) {
	policy := desired.Policy{Cluster: "demo", Region: "eastus", Limits: capacity.Limits{
		Nodes: 1, AllowedSizes: []string{"Standard_NC24ads_A100_v4"},
	}}
	policy = policy.Ranked(map[string]string{"default": "normal"}, nil, false)
	seen := desired.Observed{Live: true, FirstSeen: map[workspace.Key]time.Time{keyOf("b"): time.Unix(1e9, 0)}}
	s := sideFor(t, policy, map[string]string{
		"a.yaml": prioritized(serve("a", "auto"), "high"), "b.yaml": serve("b", "auto"),
	}, seen)
	a := workload(t, s, "a")
	if !strings.Contains(a.Waiting, "it waits behind default/b (first seen 2001-09-09T01:46:40Z)") {
		t.Errorf("%q", a.Waiting)
	}
	if notes := strings.Join(a.Notes, "\n"); !strings.Contains(notes,
		"priority high counts as normal, the highest of namespace default (policy.priority.max)") {
		t.Errorf("notes: %q", notes)
	}
}

// TestPreemptionIsShown interrupts a running Workspace: the plan says who gives way to whom, scales it to zero, and
// deletes nothing while its pod runs.
func TestPreemptionIsShown(t *testing.T) {
	policy := desired.Policy{Cluster: "demo", Region: "eastus", Prune: true, Limits: capacity.Limits{Nodes: 1}}
	const size = "Standard_NC24ads_A100_v4"
	low := map[string]string{"a.yaml": prioritized(serve("a", size), "low")}
	seen := running(sideFor(t, policy, low, desired.Observed{Eventual: true}))
	seen.Explain = true
	both := map[string]string{"a.yaml": low["a.yaml"], "z.yaml": prioritized(serve("z", size), "high")}
	against := func(preemption bool) (Side, Plan) {
		policy.Preemption = preemption
		s := sideFor(t, policy, both, seen)
		previews := blank(len(s.Desired.Objects))
		for i, o := range s.Desired.Objects {
			previews[i] = &cluster.Preview{Ref: cluster.RefOf(o.Content), After: o.Content}
		}
		return s, AgainstLive(LiveInput{
			Policy: policy, Side: s, Seen: seen, Previews: previews,
			Quota: func() (capacity.Quota, error) { return capacity.Quota{}, nil },
		})
	}
	s, p := against(false)
	if a, z := workload(t, s, "a"), workload(t, s, "z"); a.Waiting != "" || a.Placement.Paused || z.Waiting == "" {
		t.Errorf("denied: a %q, z %q", a.Waiting, z.Waiting)
	}
	limited := func(v capacity.Verdict) bool {
		return v.SKU.Name == size && slices.ContainsFunc(v.Obstacles, func(o capacity.Obstacle) bool {
			return o.Message == "capacity.limits.nodes is 1, which leaves 0; needs 1 more"
		})
	}
	if sizes := p.Workspaces[1].Sizes; !slices.ContainsFunc(sizes, limited) {
		t.Errorf("the limit is not among what speaks against %s: %+v", size, sizes)
	}
	s, p = against(true)
	a := workload(t, s, "a")
	i := slices.IndexFunc(a.Bundle.Objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "StatefulSet"
	})
	n, _, _ := unstructured.NestedInt64(a.Bundle.Objects[i].Object, "spec", "replicas")
	if n != 0 || a.NodeFailure.Reason != "Preempted" {
		t.Errorf("a has %d replicas, %+v", n, a.NodeFailure)
	}
	data, err := json.Marshal(DocumentOf(&p))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"gives way to default/z (priority high): no nodes until there is room again",
		"it replaces default/a, of lower priority than high (policy.preemption: allow)",
		`"givesWayTo":"default/z"`, `"interrupts":["default/a"]`, `"priority":"high"`, `"result":"taken"`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the document lacks %s:\n%s", want, data)
		}
	}
	for _, c := range p.Changes {
		if c.Op == Delete || c.Op == Create && c.Pool != nil {
			t.Errorf("%s %s while the pod runs: %s", c.Op, c.Target, c.Reason)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

var onExisting = desired.Policy{Cluster: "demo", Region: "eastus", Prune: true, Source: desired.ExistingNodes{}}

const a100Product = "NVIDIA-A100-SXM4-80GB"

// a100 is a node with A100 GPUs, and the labels of NVIDIA's GPU feature discovery.
func a100(name string, gpus int, labels ...string) cluster.Node {
	n := cluster.Node{Name: name, Ready: true, GPUs: int64(gpus), Labels: map[string]string{
		wellknown.LabelGPUProduct:      a100Product,
		wellknown.LabelGPUCount:        fmt.Sprint(gpus),
		wellknown.LabelGPUMemory:       "81920",
		"nvidia.com/gpu.compute.major": "8",
		"nvidia.com/gpu.compute.minor": "0",
	}}
	for _, l := range labels {
		k, v, _ := strings.Cut(l, "=")
		n.Labels[k] = v
	}
	return n
}

func changed(n cluster.Node, f func(*cluster.Node)) cluster.Node {
	n.Labels = maps.Clone(n.Labels)
	f(&n)
	return n
}

func nodes(list ...cluster.Node) desired.Observed {
	return desired.Observed{Live: true, State: cluster.State{Nodes: list, Workloads: map[workspace.Key]cluster.Workload{}}}
}

func TestPlaceOnExistingNodes(t *testing.T) {
	labelled := map[string]string{"app": "phi"} // without the labels of GPU feature discovery
	with := func(change func(*cluster.Node)) desired.Observed {
		return nodes(changed(a100("n", 2, "app=phi"), change))
	}
	for name, tt := range map[string]struct {
		labels  string
		seen    desired.Observed
		size    string // placed on
		gpus    int
		reason  string // of the failure
		message string
		waits   bool
	}{
		"one node": {
			labels: "app: phi",
			seen:   nodes(a100("n", 2, "app=phi")),
			size:   a100Product,
			gpus:   2,
		},
		"any node with GPUs": {
			seen: nodes(cluster.Node{Name: "cpu", Ready: true, Labels: map[string]string{}}, a100("n", 1)),
			size: a100Product,
			gpus: 1,
		},
		"none": {
			labels:  "app: phi",
			seen:    nodes(),
			reason:  "NodesMissing",
			message: "0 of 1 nodes: 1 more needed that match app=phi, are ready and offer nvidia.com/gpu",
			waits:   true,
		},
		"none that matches": {
			labels:  "app: phi",
			seen:    nodes(a100("n", 1, "app=other")),
			reason:  "NodesMissing",
			message: "0 of 1",
			waits:   true,
		},
		"not ready": {
			labels:  "app: phi",
			seen:    with(func(n *cluster.Node) { n.Ready = false }),
			reason:  "NodesMissing",
			message: "0 of 1",
			waits:   true,
		},
		"no device plugin": {
			labels:  "app: phi",
			seen:    with(func(n *cluster.Node) { n.GPUs = 0 }),
			reason:  "NodesMissing",
			message: "0 of 1",
			waits:   true,
		},
		"no labels": {
			labels:  "app: phi",
			seen:    nodes(cluster.Node{Name: "n", Ready: true, GPUs: 1, Labels: labelled}),
			reason:  "NodeLabelsMissing",
			message: "node n lacks usable labels nvidia.com/gpu.product",
			waits:   true,
		},
		"bad labels": {
			labels:  "app: phi",
			seen:    nodes(a100("n", 1, "app=phi", wellknown.LabelGPUMemory+"=much")),
			reason:  "NodeLabelsMissing",
			message: "node n lacks",
			waits:   true,
		},
		"a size of Azure's": {
			labels: "app: phi",
			seen:   with(func(n *cluster.Node) { n.InstanceType, n.Labels = "Standard_NC48ads_A100_v4", labelled }),
			size:   "Standard_NC48ads_A100_v4",
			gpus:   2,
		},
		"one not labelled yet": {
			labels: "app: phi",
			seen: nodes(
				cluster.Node{Name: "a", Ready: true, GPUs: 1, Labels: labelled},
				a100("b", 1, "app=phi"),
			),
			size: a100Product,
			gpus: 1,
		},
		"different count": {
			labels:  "app: phi",
			seen:    nodes(a100("a", 1, "app=phi"), a100("b", 2, "app=phi")),
			reason:  "NodesDiffer",
			message: "a has 1 x NVIDIA-A100-SXM4-80GB 80 GiB, b has 2 x",
			waits:   true,
		},
		"different product": {
			labels:  "app: phi",
			seen:    nodes(a100("a", 1, "app=phi"), a100("b", 1, "app=phi", wellknown.LabelGPUProduct+"=NVIDIA-H100")),
			reason:  "NodesDiffer",
			message: "NVIDIA-H100",
			waits:   true,
		},
		"different memory": {
			labels:  "app: phi",
			seen:    nodes(a100("a", 1, "app=phi"), a100("b", 1, "app=phi", wellknown.LabelGPUMemory+"=40960")),
			reason:  "NodesDiffer",
			message: "40 GiB",
			waits:   true,
		},
		"taken by unmanaged pods": {
			labels:  "app: phi",
			seen:    with(func(n *cluster.Node) { n.Taken = 1 }),
			size:    a100Product,
			gpus:    2,
			reason:  "GPUsTaken",
			message: "taken on n by unmanaged pods",
		},
		"cordoned": {
			labels:  "app: phi",
			seen:    with(func(n *cluster.Node) { n.Cordoned = true }),
			size:    a100Product,
			gpus:    2,
			reason:  "GPUsTaken",
			message: "taken on n by a cordon",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := sideFor(t, onExisting, map[string]string{"w.yaml": existing("phi", tt.labels)}, tt.seen).Desired
			w := d.Workloads[0]
			if len(d.Problems) > 0 {
				t.Fatalf("problems %v", d.Problems)
			}
			if w.Placement.InstanceType != tt.size || w.Placement.GPUsPerNode != tt.gpus || (w.Waiting != "") != tt.waits {
				t.Errorf("placed on %q with %d GPUs, waits for %q", w.Placement.InstanceType, w.Placement.GPUsPerNode, w.Waiting)
			}
			if w.NodeFailure.Reason != tt.reason || !strings.Contains(w.NodeFailure.Message, tt.message) {
				t.Errorf("failure %+v, want %s: %s", w.NodeFailure, tt.reason, tt.message)
			}
			if rendered := find(d, "StatefulSet") != nil; rendered == tt.waits {
				t.Errorf("rendered: %t", rendered)
			}
		})
	}
}

// TestTooLargeForTheNodes is an error of the file: more nodes would not change it, since all must have the same GPUs.
func TestTooLargeForTheNodes(t *testing.T) {
	small := changed(a100("n", 1, "app=phi"), func(n *cluster.Node) { n.Labels[wellknown.LabelGPUMemory] = "2048" })
	d := sideFor(t, onExisting, map[string]string{"w.yaml": existing("phi", "app: phi")}, nodes(small)).Desired
	if len(d.Problems) != 1 || d.Problems[0].Field != "resource.labelSelector" ||
		!strings.Contains(d.Problems[0].Message, "does not fit") {
		t.Errorf("problems %v", d.Problems)
	}
}

// TestGPUsAreAssignedOnce assigns the GPUs of shared nodes to the pods that have them, then in the order of names.
func TestGPUsAreAssignedOnce(t *testing.T) {
	files := map[string]string{
		"a.yaml": existing("a", "pool: x"),
		"b.yaml": existing("b", "pool: x"),
		"c.yaml": existing("c", "pool: x"),
	}
	seen := nodes(a100("n0", 1, "pool=x"), a100("n1", 1, "pool=x"))
	failures := func() (out []string) {
		for _, w := range sideFor(t, onExisting, files, seen).Desired.Workloads {
			if w.NodeFailure.Reason != "" {
				out = append(out, w.Name+" "+w.NodeFailure.Reason+" "+w.NodeFailure.Message)
			}
		}
		return out
	}
	const taken = " GPUsTaken 0 of 1 nodes: no other node that matches pool=x has 1 nvidia.com/gpu free; taken on "
	if diff := cmp.Diff([]string{"c" + taken + "n0 by default/a; n1 by default/b"}, failures()); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	seen.State.Workloads[workspace.Key{Namespace: "default", Name: "c"}] = cluster.Workload{
		Pods: []cluster.Pod{{Name: "c-0", Node: "n0", Phase: "Running"}},
	}
	if diff := cmp.Diff([]string{"b" + taken + "n0 by default/c; n1 by default/a"}, failures()); diff != "" {
		t.Errorf("failures with a running pod (-want +got):\n%s", diff)
	}
	files["c.yaml"] = annotated(existing("c", "pool: x"), `syncer.dev/suspend: "true"`)
	delete(seen.State.Workloads, workspace.Key{Namespace: "default", Name: "c"})
	if got := failures(); len(got) != 0 {
		t.Errorf("with c suspended: %q", got)
	}
}

// TestRunningPodDecidesAmongDifferentNodes keeps a placement when a node with other GPUs joins.
func TestRunningPodDecidesAmongDifferentNodes(t *testing.T) {
	seen := nodes(a100("a", 1, "app=phi"), a100("b", 2, "app=phi"))
	seen.State.Workloads[workspace.Key{Namespace: "default", Name: "phi"}] = cluster.Workload{
		Pods: []cluster.Pod{{Name: "phi-0", Node: "b", Phase: "Running"}},
	}
	w := sideFor(t, onExisting, map[string]string{"w.yaml": existing("phi", "app: phi")}, seen).Desired.Workloads[0]
	if w.Placement.GPUsPerNode != 2 || w.Waiting != "" || w.NodeFailure.Reason != "" || len(w.Notes) != 1 ||
		!strings.Contains(w.Notes[0], "b has 2 x NVIDIA-A100-SXM4-80GB 80 GiB, a has 1 x") {
		t.Errorf("placement %+v, waits for %q, failure %+v, notes %q", w.Placement, w.Waiting, w.NodeFailure, w.Notes)
	}
}

// TestSomeNodesAreMissing places a Workspace on too few nodes, and counts the missing ones.
func TestSomeNodesAreMissing(t *testing.T) {
	file := strings.Replace(
		existing("big", "app: big"),
		"phi-4-mini-instruct",
		"llama-3.3-70b-instruct, presetOptions: {modelAccessSecret: hf}",
		1,
	)
	d := sideFor(t, onExisting, map[string]string{"w.yaml": file}, nodes(a100("a", 1, "app=big"))).Desired
	w := d.Workloads[0]
	if n := w.Placement.Nodes; n < 2 || find(d, "StatefulSet") == nil || w.NodeFailure.Reason != "NodesMissing" ||
		!strings.HasPrefix(w.NodeFailure.Message, fmt.Sprintf("1 of %d nodes: %d more needed", n, n-1)) {
		t.Errorf("problems %v; placement %+v, failure %+v", d.Problems, w.Placement, w.NodeFailure)
	}
}

// TestWaitingKeepsLiveObjects removes the last node: syncer deletes nothing, and other Workspaces are not affected.
func TestWaitingKeepsLiveObjects(t *testing.T) {
	files := map[string]string{"a.yaml": existing("a", "app: a"), "b.yaml": existing("b", "app: b")}
	seen := liveOf(sideFor(t, onExisting, files, nodes(a100("a", 1, "app=a"), a100("b", 1, "app=b"))))
	seen.Live, seen.State.Nodes = true, []cluster.Node{a100("b", 1, "app=b")}
	s := sideFor(t, onExisting, files, seen)
	p := AgainstLive(
		LiveInput{Policy: onExisting, Side: s, Seen: seen, Previews: blank(len(s.Desired.Objects))},
	)
	if !p.Empty() {
		t.Errorf("changes %+v", p.Changes)
	}
	held := 0
	for _, c := range p.Changes {
		if c.Op == Hold && c.Workspace.Name == "a" && strings.Contains(c.Reason, "0 of 1 nodes") {
			held++
		}
	}
	if held == 0 {
		t.Errorf("nothing is held: %+v", p.Changes)
	}
	// The removal of the file removes its objects, independent of the nodes.
	delete(files, "a.yaml")
	s = sideFor(t, onExisting, files, seen)
	p = AgainstLive(
		LiveInput{Policy: onExisting, Side: s, Seen: seen, Previews: blank(len(s.Desired.Objects))},
	)
	if p.Counts()[Delete] == 0 {
		t.Errorf("changes %+v", p.Changes)
	}
}

// TestOfflineExistingNodesAreCheckedInFull shows that without a cluster syncer renders a Workspace for an assumed node.
func TestOfflineExistingNodesAreCheckedInFull(t *testing.T) {
	d := sideFor(t, onExisting, map[string]string{"w.yaml": existing("phi", "app: phi")}, desired.Observed{}).Desired
	if len(d.Problems) != 0 || find(d, "StatefulSet") == nil ||
		!strings.Contains(strings.Join(d.Workloads[0].Notes, "\n"), "the nodes are unknown") {
		t.Errorf("problems %v, notes %v", d.Problems, d.Workloads[0].Notes)
	}
	d = sideFor(t, onExisting, map[string]string{"w.yaml": fixture("template.yaml")}, desired.Observed{}).Desired
	if len(d.Problems) != 0 || d.Workloads[0].Placement.Nodes != 2 {
		t.Errorf("problems %v, placement %+v", d.Problems, d.Workloads[0].Placement)
	}
	d = sideFor(
		t,
		onExisting,
		map[string]string{
			"w.yaml": strings.Replace(
				existing("phi", "app: phi"),
				"resource:\n",
				"resource:\n  instanceType: Standard_NC24ads_A100_v4\n",
				1,
			),
		},
		desired.Observed{},
	).Desired
	if len(d.Problems) != 1 || d.Problems[0].Field != "resource.instanceType" {
		t.Errorf("problems %v", d.Problems)
	}
}

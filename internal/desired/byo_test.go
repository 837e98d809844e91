// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

var onExisting = Policy{Cluster: "demo", Region: "eastus", Prune: true, Source: ExistingNodes{}}

// a100 is a node with A100 GPUs, and the labels of NVIDIA's GPU feature discovery.
func a100(name string, gpus int, labels ...string) cluster.Node {
	n := cluster.Node{Name: name, Ready: true, GPUs: int64(gpus), Labels: map[string]string{
		wellknown.LabelGPUProduct:      "NVIDIA-A100-SXM4-80GB",
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

func nodes(list ...cluster.Node) Observed {
	return Observed{Live: true, State: cluster.State{Nodes: list, Workloads: map[workspace.Key]cluster.Workload{}}}
}

// TestPartitions places on parts of GPUs and of nodes.
func TestPartitions(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := catalog.Lookup("phi-4-mini-instruct")
	three, five := 3, 5
	slices_ := func(profile string, count int64) cluster.Node {
		return changed(
			a100("n", 1, "app=w"),
			func(n *cluster.Node) { n.GPUs, n.Slices = 0, map[string]int64{profile: count} },
		)
	}
	for name, tt := range map[string]struct {
		part    workspace.Partition
		seen    Observed
		gpus    int
		refused string
		failure string
	}{
		"slice": {
			part: workspace.Partition{Mode: "mig", Profile: "3g.40gb"},
			seen: nodes(slices_("3g.40gb", 2)),
			gpus: 1,
		},
		"slice, offline": {
			part: workspace.Partition{Mode: "mig", Profile: "3g.40gb"},
			seen: Observed{},
			gpus: 1,
		},
		"slice that no node offers": {
			part:    workspace.Partition{Mode: "mig", Profile: "3g.40gb"},
			seen:    nodes(slices_("1g.10gb", 7)),
			failure: "offer nvidia.com/mig-3g.40gb",
		},
		"slice that is too small": {
			part:    workspace.Partition{Mode: "mig", Profile: "1g.5gb"},
			seen:    nodes(slices_("1g.5gb", 7)),
			refused: "does not fit",
		},
		"not a profile": {
			part:    workspace.Partition{Mode: "mig", Profile: "large"},
			seen:    nodes(slices_("large", 7)),
			refused: "is not a MIG profile",
		},
		"some GPUs": {
			part: workspace.Partition{Mode: "accelerator", Count: &three},
			seen: nodes(a100("n", 4, "app=w")),
			gpus: 3,
		},
		"some GPUs, offline": {
			part: workspace.Partition{Mode: "accelerator", Count: &three},
			seen: Observed{},
			gpus: 3,
		},
		"more GPUs than the node has": {
			part:    workspace.Partition{Mode: "accelerator", Count: &five},
			seen:    nodes(a100("n", 4, "app=w")),
			refused: "a node with 4 GPUs cannot give 5",
		},
		"slice beside whole GPUs": {
			part: workspace.Partition{Mode: "mig", Profile: "7g.80gb"},
			seen: nodes(slices_("7g.80gb", 1), a100("z", 4, "app=w")),
			gpus: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ws := &workspace.Workspace{
				Key:       workspace.Key{Namespace: "default", Name: "w"},
				Inference: &workspace.Inference{Preset: &workspace.PresetSpec{Name: p.Name}},
				Resource: workspace.Resource{
					Partition:     &tt.part,
					LabelSelector: &workspace.LabelSelector{MatchLabels: map[string]string{"app": "w"}},
				},
			}
			workloads := []*Workload{{Key: ws.Key, Workspace: ws}}
			w := workloads[0]
			err := ExistingNodes{}.Place(w, &workspace.Set{}, p, onExisting, tt.seen)
			switch {
			case tt.refused != "":
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("error %v, want %q", err, tt.refused)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			ExistingNodes{}.Settle(workloads, Policy{}, tt.seen)
			w = workloads[0]
			if w.Placement.GPUsPerNode != tt.gpus || !strings.Contains(w.NodeFailure.Message, tt.failure) ||
				(w.NodeFailure.Reason != "") != (tt.failure != "") {
				t.Errorf("%d GPUs, failure %+v", w.Placement.GPUsPerNode, w.NodeFailure)
			}
		})
	}
}

// TestTemplateOnExistingNodes: what a pod template asks for is compared with the nodes once these are known.
func TestTemplateOnExistingNodes(t *testing.T) {
	for name, tt := range map[string]struct {
		seen  Observed
		asked int
		fails bool
	}{
		"enough":     {nodes(a100("n", 4, "app=w")), 4, false},
		"too few":    {nodes(a100("n", 1, "app=w")), 4, true},
		"no GPU":     {nodes(a100("n", 1, "app=w")), 0, false},
		"not known":  {Observed{}, 4, false},
		"other node": {nodes(a100("n", 4, "app=other"), a100("m", 1, "app=w")), 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := Workload{Workspace: &workspace.Workspace{
				Key: workspace.Key{Namespace: "default", Name: "w"},
				Resource: workspace.Resource{
					LabelSelector: &workspace.LabelSelector{MatchLabels: map[string]string{"app": "w"}},
				},
				Inference: &workspace.Inference{Template: map[string]any{"spec": map[string]any{"containers": []any{
					map[string]any{"resources": map[string]any{"limits": map[string]any{wellknown.ResourceGPU: tt.asked}}},
				}}}},
			}}
			err := ExistingNodes{}.Place(&w, &workspace.Set{}, preset.Preset{}, onExisting, tt.seen)
			if (err != nil) != tt.fails || err != nil && !strings.Contains(err.Error(), "asks for 4 NVIDIA GPUs") {
				t.Errorf("error %v, waiting %q", err, w.Waiting)
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package kaito

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

// TestEstimate compares with answers of KAITO v0.12.0's own estimator: the cases of its tests, and a grid of its
// catalogue over its sizes and several context lengths.
func TestEstimate(t *testing.T) {
	data, err := os.ReadFile("testdata/grid.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID              string
		WeightBytes     int64
		KVBytesPerToken int64
		Context, Count  int
		Distributed     bool
		NoPreset        bool
		InstanceType    string
		Existing        *ExistingNodes
		Nodes, GPUs     int
		MinGPUs         int
		Error           string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 340 {
		t.Fatalf("only %d cases", len(cases))
	}
	refusals := map[string]error{
		"gpu-too-small":       ErrGPUTooSmall,
		"sku-unknown":         ErrSKUUnknown,
		"mig-too-small":       ErrMIGTooSmall,
		"mig-invalid":         ErrMIGInvalid,
		"no-ready-nodes":      ErrNoReadyNodes,
		"list-failed":         ErrListFailed,
		"node-labels-missing": ErrNodeLabels,
	}
	for _, c := range cases {
		got, err := Estimate(Request{
			WeightBytes:     c.WeightBytes,
			KVBytesPerToken: c.KVBytesPerToken,
			Context:         c.Context,
			Distributed:     c.Distributed,
			InstanceType:    c.InstanceType,
			Count:           c.Count,
			Existing:        c.Existing,
			NoPreset:        c.NoPreset,
		})
		switch {
		case c.Error != "":
			if !errors.Is(err, refusals[c.Error]) {
				t.Errorf("%s: %v, %v; want %s", c.ID, got, err, c.Error)
			}
		case err != nil || got.Nodes != c.Nodes || got.GPUs != c.GPUs || c.MinGPUs != 0 && got.MinGPUs != c.MinGPUs:
			t.Errorf("%s: %+v, %v; want %d nodes, %d GPUs", c.ID, got, err, c.Nodes, c.GPUs)
		}
	}
}

// TestTerms follows KAITO's own example: 62.5 GiB with a cache of 163840 bytes per token on one A100 of 80 GiB.
func TestTerms(t *testing.T) {
	a, err := Estimate(
		Request{
			WeightBytes:     625 * gib / 10,
			KVBytesPerToken: 163840,
			Distributed:     true,
			InstanceType:    "Standard_NC24ads_A100_v4",
		},
	)
	if err != nil || a.Nodes != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	for name, terms := range map[string][2]float64{
		"weights": {
			a.WeightsGiB,
			63.75 / 2,
		},
		"cache":    {a.CacheGiB, 0.3125},
		"overhead": {a.OverheadGiB, 2.3 + 0.05*63.75/2},
		"usable":   {a.UsableGiB, 67.2},
	} {
		if math.Abs(terms[0]-terms[1]) > 1e-6 {
			t.Errorf("%s: %f, want %f", name, terms[0], terms[1])
		}
	}
}

// a100s is a node with four GPUs, as its labels describe it.
func a100s(labels map[string]string) Node {
	n := Node{
		Ready: true,
		Labels: map[string]string{
			"nvidia.com/gpu.product": "NVIDIA-A100",
			"nvidia.com/gpu.count":   "4",
			"nvidia.com/gpu.memory":  "81920",
		},
	}
	for k, v := range labels {
		n.Labels[k] = v
	}
	return n
}

// TestExistingNodes has results computed by hand. 100 GiB of weights take 102 GiB on loading. A GPU of 80 GiB holds
// (80 x 0.84 - 2.3) / 1.05 = 61.8 of them, so the model needs two; a GPU of 40 GiB holds 29.8, so it needs four.
func TestExistingNodes(t *testing.T) {
	notReady, deleting, none := a100s(nil), a100s(nil), a100s(nil)
	notReady.Ready, deleting.Deleting, none.Labels = false, true, nil
	for _, tt := range []struct {
		name     string
		existing ExistingNodes
		nodes    int
		gpus     int
		err      error
	}{
		{"first that is ready", ExistingNodes{Nodes: []Node{notReady, deleting, a100s(nil)}}, 1, 4, nil},
		{"none is ready", ExistingNodes{Nodes: []Node{notReady, deleting}}, 0, 0, ErrNoReadyNodes},
		{
			name: "selected",
			existing: ExistingNodes{
				Nodes:    []Node{none, a100s(map[string]string{"app": "x"})},
				Selector: map[string]string{"app": "x", "kaito.sh/workspace": "w"},
			},
			nodes: 1,
			gpus:  4,
		},
		{
			name: "not selected",
			existing: ExistingNodes{
				Nodes:    []Node{a100s(map[string]string{"app": "y"})},
				Selector: map[string]string{"app": "x"},
			},
			err: ErrNoReadyNodes,
		},
		{"no labels", ExistingNodes{Nodes: []Node{none}}, 0, 0, ErrNodeLabels},
		{
			name:     "count is no number",
			existing: ExistingNodes{Nodes: []Node{a100s(map[string]string{"nvidia.com/gpu.count": "four"})}},
			err:      ErrNodeLabels,
		},
		{
			name:     "memory is no number",
			existing: ExistingNodes{Nodes: []Node{a100s(map[string]string{"nvidia.com/gpu.memory": "80Gi"})}},
			err:      ErrNodeLabels,
		},
		{
			name:     "memory is rounded to the nearest",
			existing: ExistingNodes{Nodes: []Node{a100s(map[string]string{"nvidia.com/gpu.memory": "40448"})}},
			nodes:    1,
			gpus:     4,
		}, // 39.5 -> 40
		{"one of the GPUs", ExistingNodes{Nodes: []Node{a100s(nil)}, Accelerators: 1}, 2, 2, nil},
		{"all of the GPUs", ExistingNodes{Nodes: []Node{a100s(nil)}, Accelerators: 4}, 1, 4, nil},
		{"more than the GPUs", ExistingNodes{Nodes: []Node{a100s(nil)}, Accelerators: 5}, 0, 0, ErrPartition},
		{"a slice is too small", ExistingNodes{MIGProfile: "7g.80gb"}, 0, 0, ErrMIGTooSmall},
		{"a large slice", ExistingNodes{MIGProfile: "7g.141gb"}, 1, 1, nil},
		{"a slice with a fraction", ExistingNodes{MIGProfile: "7g.140.9gb"}, 1, 1, nil},
		{"no slice", ExistingNodes{MIGProfile: "0g.80gb"}, 0, 0, ErrMIGInvalid},
		{"no memory", ExistingNodes{MIGProfile: "1g.0gb"}, 0, 0, ErrMIGInvalid},
		{
			name:     "nodes without GPUs",
			existing: ExistingNodes{Nodes: []Node{a100s(map[string]string{"nvidia.com/gpu.count": "0"})}},
			nodes:    3,
			gpus:     3,
		}, // the count that is asked for
	} {
		got, err := Estimate(Request{WeightBytes: 100 * gib, Distributed: true, Count: 3, Existing: &tt.existing})
		if !errors.Is(err, tt.err) || got.Nodes != tt.nodes || got.GPUs != tt.gpus {
			t.Errorf("%s: %+v, %v; want %d nodes, %d GPUs, %v", tt.name, got, err, tt.nodes, tt.gpus, tt.err)
		}
	}
	if _, err := Estimate(Request{WeightBytes: 100 * gib, InstanceType: "Standard_NC24ads_A100_v4"}); !errors.Is(
		err,
		ErrNotDistributed,
	) {
		t.Errorf("a model for one node on two: %v", err)
	}
}

func TestMaxModelLen(t *testing.T) {
	for text, want := range map[string]int{
		"vllm:\n  max-model-len: 4096\n":                                       4096,
		"# a comment\n\nother: 1\nvllm:\n  # another\n\n  max-model-len: 4096": 4096,
		"vllm:\n  cpu-offload-gb: 0\n  max-model-len:8192\n":                   8192,
		"  vllm:\n    max-model-len: 16\n":                                     16,
		"vllm:\n max-model-len: 4096\n":                                        0, // one column deeper is not enough
		"vllm:\nmax-model-len: 4096\n":                                         0,
		"vllm:\n  max-model-len: 4096 # tokens\n":                              0,
		"vllm:\n  max-model-len: \"4096\"\n":                                   0,
		"vllm:\n  max-model-len: auto\n":                                       0,
		"vllm:\n  max-model-len: -1\n  max-model-len: 32\n":                    32, // the first that is a number
		"vllm:\n  a: 1\nother:\n  max-model-len: 4096\n":                       0,
		"max-model-len: 4096\n":                                                0,
		"vllm:\r\n  max-model-len: 4096\r\n":                                   4096,
		"":                                                                     0,
	} {
		if got := MaxModelLen(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

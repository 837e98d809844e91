// SPDX-License-Identifier: Apache-2.0

package existing

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// a100 is a node with one A100, and the labels of NVIDIA's GPU feature discovery.
func a100() cluster.Node {
	return cluster.Node{Name: "n", Ready: true, GPUs: 1, Labels: map[string]string{
		wellknown.LabelGPUProduct: "NVIDIA-A100-SXM4-80GB",
		wellknown.LabelGPUCount:   "1",
		wellknown.LabelGPUMemory:  "81920",
		labelComputeMajor:         "8",
		labelComputeMinor:         "0",
	}}
}

func TestSKUOf(t *testing.T) {
	n := a100()
	n.Labels[wellknown.LabelGPUProduct] = "NVIDIA-A10-24Q"
	n.Labels[wellknown.LabelGPUMemory], n.Labels[labelComputeMinor] = "23028", "6"
	got, err := SKUOf(n)
	if err != nil {
		t.Fatal(err)
	}
	want := capacity.SKU{
		Name:              "NVIDIA-A10-24Q",
		GPUs:              1,
		GPUModel:          "NVIDIA A10",
		GPUMemoryGiB:      22,
		GPUUsableGiB:      23028.0 / 1024,
		ComputeCapability: 8.6,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSKUOfBounds: labels that no node has are not usable; the catalogue knows a size of Azure without them.
func TestSKUOfBounds(t *testing.T) {
	for _, tt := range []struct {
		count, memory string
		usable        bool
	}{
		{"64", "1048576", true},
		{"65", "81920", false},
		{"1000000000", "81920", false},
		{"0", "81920", false},
		{"-1", "81920", false},
		{"8", "1048577", false},
		{"8", "9223372036854775807", false},
		{"8", "-1", false},
	} {
		n := a100()
		n.InstanceType = ""
		n.Labels[wellknown.LabelGPUCount], n.Labels[wellknown.LabelGPUMemory] = tt.count, tt.memory
		if got, err := SKUOf(n); (err == nil) != tt.usable {
			t.Errorf("%s GPUs of %s MiB: %+v, %v", tt.count, tt.memory, got, err)
		}
		n.InstanceType = "Standard_NC24ads_A100_v4"
		if got, err := SKUOf(n); err != nil || !tt.usable && got.GPUs != 1 {
			t.Errorf("%s GPUs of %s MiB on a size of Azure: %+v, %v", tt.count, tt.memory, got, err)
		}
	}
	n := a100()
	n.Labels[labelComputeMajor] = "99999999999"
	if got, err := SKUOf(n); err != nil || got.ComputeCapability >= maxCapability {
		t.Errorf("%+v, %v", got, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// lift takes one obstacle out of the way, and changes nothing else: a GPU gets the compute capability that the obstacle
// names and not a higher one, with which vLLM may choose other kernels, which take other memory.
func lift(t *testing.T, r Request, s capacity.SKU, o capacity.Obstacle) (Request, capacity.SKU) {
	t.Helper()
	switch o.Check {
	case capacity.CheckPolicy:
		if strings.Contains(o.Message, "allowedSizes does not allow") {
			r.Limits.AllowedSizes = append(slices.Clone(r.Limits.AllowedSizes), strings.Replace(s.Name, "Standard", "*", 1))
		} else {
			s.Unverified = ""
		}
	case capacity.CheckPrice:
		r.Region = "eastus2"
	case capacity.CheckArithmetic:
		_, need, _ := strings.Cut(o.Message, "needs compute capability ")
		if n, err := fmt.Sscanf(need, "%f,", &s.ComputeCapability); n != 1 || err != nil {
			t.Fatalf("%s: %q names no compute capability: %v", s.Name, o.Message, err)
		}
	case capacity.CheckDisk:
		s.LocalDiskGiB = 1 << 20
	case capacity.CheckMemory:
		more := o.Missing() + 1e-6
		if !r.Tuning {
			more /= r.inference(s, memory.Layout{Nodes: 1, Tensor: 1, Pipeline: 1, Data: 1}).Utilization // vLLM takes this part
		}
		s.GPUUsableGiB += more
	}
	return r, s
}

// TestLiftingTheObstaclesIsEnough judges random models on all sizes. With the named obstacles out of the way, and not
// with all but one, the size is taken; and it has obstacles if and only if Size does not take it.
func TestLiftingTheObstaclesIsEnough(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	lifted, several := map[capacity.Check]int{}, 0
	for range 400 {
		r := Request{
			Preset: preset.Preset{Name: "any", Model: anyModel(rng)},
			Region: "eastus",
			// Otherwise a larger GPU gets larger batches, and needs more.
			Settings: map[string]string{"max-num-batched-tokens": "2048", "max-num-seqs": "64"},
		}
		r.Preset.Model.WeightBytes >>= rng.IntN(5)
		if rng.IntN(3) == 0 {
			r.Limits.AllowedSizes = []string{"Standard_NC*"}
		}
		if rng.IntN(4) == 0 {
			r.Settings["kv-cache-dtype"] = "fp8"
		}
		for s := range capacity.SKUs() {
			if s.Retired != "" {
				continue
			}
			o, obstacles := r.Explain(s, false)
			if _, why := r.evaluate(s); (why == nil) != (len(obstacles) == 0) || (o.Nodes > 0) != (why == nil) {
				t.Fatalf("%s: %v, but sizing says %v", s.Name, obstacles, why)
			}
			if s.Unusable() != "" || slices.ContainsFunc(obstacles, func(o capacity.Obstacle) bool {
				return o.Check == capacity.CheckPrice || o.Check == capacity.CheckDisk && !s.LocalNVMe
			}) {
				continue // only Azure lifts these
			}
			if len(obstacles) > 1 {
				several++
			}
			for skip := -1; skip < len(obstacles); skip++ {
				free, on := r, s
				for i, o := range obstacles {
					if i != skip {
						free, on = lift(t, free, on, o)
						lifted[o.Check]++
					}
				}
				free.facts, free.settings = nil, nil
				if _, left := free.Explain(on, false); (len(left) == 0) != (skip < 0) {
					t.Fatalf("%+v on %s: of %v all but %d are lifted, and %v are left", r.Preset.Model, s.Name, obstacles, skip, left)
				}
			}
		}
	}
	for _, c := range []capacity.Check{capacity.CheckPolicy, capacity.CheckArithmetic, capacity.CheckMemory} {
		if lifted[c] < 100 {
			t.Errorf("%s was lifted %d times", c, lifted[c])
		}
	}
	if several < 100 {
		t.Errorf("%d sizes with several obstacles", several)
	}
}

func TestNamedSizesHaveFewerObstacles(t *testing.T) {
	s, _ := capacity.LookupSKU("Standard_NCC40ads_H100_v5") // without a price in the region
	r := Request{Preset: llama70Known, Region: "eastus", InstanceType: s.Name}
	_, open := r.Explain(s, false)
	o, named := r.Explain(s, true)
	if len(open) != 1 || open[0].Check != capacity.CheckPrice || len(named) > 0 || o.Nodes == 0 {
		t.Errorf("open: %v, named: %v on %d nodes", open, named, o.Nodes)
	}
}

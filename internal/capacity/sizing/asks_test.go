// SPDX-License-Identifier: Apache-2.0

package sizing_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// asking returns the request of a pod template with these resources.
func asking(size string, resources map[string]any) sizing.Request {
	r := sizing.RequestFor(&workspace.Workspace{
		Key:      workspace.Key{Namespace: "default", Name: "own"},
		Resource: workspace.Resource{InstanceType: size},
		Inference: &workspace.Inference{Template: map[string]any{"spec": map[string]any{"containers": []any{
			map[string]any{"resources": map[string]any{"requests": resources}},
		}}}},
	}, preset.Preset{})
	r.Region = "swedencentral"
	return r
}

// TestTemplatesOnEverySize: on each size of the catalogue a template may ask for all GPUs and for what AKS leaves of
// CPU and memory, and for no more. The size that the hint names has what the template asks for.
func TestTemplatesOnEverySize(t *testing.T) {
	named := regexp.MustCompile(`such as (Standard_\w+) `)
	for s := range capacity.SKUs() {
		if s.Retired != "" {
			continue
		}
		gpu := "nvidia.com/gpu"
		if s.GPUModel[:3] == "AMD" {
			gpu = "amd.com/gpu"
		}
		// 95 % of CPU and memory is less than what AKS leaves on each size of the catalogue.
		fits := map[string]any{"cpu": fmt.Sprintf("%dm", s.VCPUs*950), gpu: s.GPUs}
		beyond := map[string]any{"cpu": s.VCPUs, gpu: s.GPUs + 1}
		if s.MemoryGiB > 0 { // it is not known of all sizes
			fits["memory"] = fmt.Sprintf("%dMi", s.MemoryGiB*970)
			beyond["memory"] = fmt.Sprintf("%dGi", s.MemoryGiB)
		}
		if _, err := sizing.Size(asking(s.Name, fits)); err != nil {
			t.Errorf("%s, with %v: %v", s.Name, fits, err)
		}
		for name, amount := range beyond {
			_, err := sizing.Size(asking(s.Name, map[string]any{name: amount}))
			var refused *capacity.RefusedError
			if !errors.As(err, &refused) {
				t.Errorf("%s passes for %v of %s: %v", s.Name, amount, name, err)
				continue
			}
			if want := "inference.template.spec.containers[0].resources.requests." + name; refused.Field != want {
				t.Errorf("%s: the field is %s, want %s", s.Name, refused.Field, want)
			}
			if m := named.FindStringSubmatch(refused.Hint()); m != nil {
				if _, err := sizing.Size(asking(m[1], map[string]any{name: amount})); err != nil {
					t.Errorf("%s is advised instead of %s for %v of %s: %v", m[1], s.Name, amount, name, err)
				}
			}
		}
	}
}

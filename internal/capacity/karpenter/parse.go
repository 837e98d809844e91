// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/wellknown"
)

// RefusedLabel returns the first of the user's labels that Karpenter accepts on no node, or "". It reserves these
// domains for Kubernetes' own components; the exceptions are those of Karpenter's NodePool validation.
func RefusedLabel(labels map[string]string) string {
	free := []string{
		"beta.kubernetes.io/instance-type",
		"failure-domain.beta.kubernetes.io/region",
		"beta.kubernetes.io/os",
		"beta.kubernetes.io/arch",
		"failure-domain.beta.kubernetes.io/zone",
		"topology.kubernetes.io/zone",
		"topology.kubernetes.io/region",
		"kubernetes.io/arch",
		"kubernetes.io/os",
		"node.kubernetes.io/windows-build",
		wellknown.LabelCapacityType,
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		domain, _, _ := strings.Cut(key, "/")
		node := strings.HasSuffix(domain, "node.kubernetes.io") ||
			strings.HasSuffix(domain, "node-restriction.kubernetes.io") ||
			strings.HasSuffix(domain, "kops.k8s.io")
		closed := strings.HasSuffix(domain, "kubernetes.io") || strings.HasSuffix(domain, "k8s.io") ||
			strings.HasSuffix(domain, "karpenter.sh")
		if closed && !node && !slices.Contains(free, key) {
			return key
		}
	}
	return ""
}

// ParseSize parses an instance type of the configuration, "NAME=GPUSxGIB", such as "a2-highgpu-1g=1x40". GIB is the
// nominal memory of one GPU.
func ParseSize(text string) (capacity.SKU, error) {
	var s capacity.SKU
	name, facts, ok := strings.Cut(text, "=")
	gpus, gib, okFacts := strings.Cut(facts, "x")
	var err1, err2 error
	s.Name = strings.TrimSpace(name)
	s.GPUs, err1 = strconv.Atoi(strings.TrimSpace(gpus))
	s.GPUMemoryGiB, err2 = strconv.Atoi(strings.TrimSpace(gib))
	if !ok || !okFacts || err1 != nil || err2 != nil || s.Name == "" || s.GPUs < 1 || s.GPUMemoryGiB < 1 {
		return capacity.SKU{}, fmt.Errorf("%q is not NAME=GPUSxGIB, such as a2-highgpu-1g=1x40", text)
	}
	s.GPUUsableGiB = nominalUsable * float64(s.GPUMemoryGiB)
	return s, nil
}

// nominalUsable is the assumed part of a GPU's nominal memory that CUDA reports. It is the lowest of the measured sizes
// (A10: 22.5 of 24 GiB).
const nominalUsable = 0.937

// ParseRequirement parses a requirement of the configuration, "KEY=VALUE" or "KEY=VALUE|VALUE".
func ParseRequirement(text string) (Requirement, error) {
	key, values, ok := strings.Cut(text, "=")
	r := Requirement{Key: strings.TrimSpace(key)}
	for v := range strings.SplitSeq(values, "|") {
		if v = strings.TrimSpace(v); v != "" {
			r.Values = append(r.Values, v)
		}
	}
	if !ok || r.Key == "" || len(r.Values) == 0 {
		return Requirement{}, fmt.Errorf("%q is not KEY=VALUE, or KEY=VALUE|VALUE", text)
	}
	return r, nil
}

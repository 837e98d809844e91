// SPDX-License-Identifier: Apache-2.0

// Package nodelabel knows the labels that AKS, the kubelet and syncer own on the nodes of an agent pool: who asks for
// one can only agree with the pool that syncer makes, or contradict it.
//
//	Judge("kubernetes.azure.com/agentpool", "gpu", pool)                 // refused: mode aks makes the pool itself
//	Judge("node.kubernetes.io/instance-type", "Standard_...", pool)      // agrees, if it is the size of the pool
//	Judge("syncer.dev/cluster", "demo", pool)                            // agrees, if it is the name of the cluster
//
// Pure.
package nodelabel

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/wellknown"
)

// Pool is what is known about the nodes of a pool before it exists. An empty text is not known.
type Pool struct {
	Size   string // exact name
	Arch   string // amd64 or arm64
	GPU    string // vendor of the GPUs: nvidia or amd
	OSSKU  string // Ubuntu or AzureLinux
	Region string
	Zones  []string // that syncer may use, such as 1; empty for none in particular
	Spot   bool

	Cluster string // its name in the configuration of syncer
	Set     string // name of the InferenceSet that the Workspace is a replica of
}

// Fault is why nodes of a pool cannot have a label, and what to write instead.
type Fault struct{ Why, Hint string }

// rule is what a label has on the nodes of a pool.
type rule struct {
	value func(Pool) string // "" when no value can be told beforehand
	hint  string            // what to write instead
}

const own = "remove it: mode aks makes the pool itself; mode byo takes pools that are there"

const free = "use a label of your own, such as app: demo"

// named are the labels with the name of the pool, which syncer derives from the Workspace.
var named = []string{"agentpool", wellknown.LabelAgentPool}

// rules are the labels with a meaning, of Kubernetes (https://kubernetes.io/docs/reference/labels-annotations-taints/)
// and of AKS (https://learn.microsoft.com/azure/aks/use-labels#reserved-system-labels), read in 2026.
var rules = func() map[string]rule {
	size := rule{func(p Pool) string { return p.Size }, "name the size in resource.instanceType"}
	region := rule{func(p Pool) string { return p.Region }, "a pool is in the region of its cluster; remove it"}
	zone := rule{func(p Pool) string {
		if len(p.Zones) == 1 && p.Region != "" {
			return p.Region + "-" + p.Zones[0]
		}
		return ""
	}, "set capacity.limits.zones in the configuration"}
	arch := rule{func(p Pool) string { return p.Arch }, "name a size of that architecture in resource.instanceType"}
	gpu := rule{func(p Pool) string { return p.GPU }, "name another size in resource.instanceType"}
	system := rule{func(Pool) string { return "linux" }, "remove it: pools of syncer run Linux"}
	image := rule{
		func(p Pool) string { return p.OSSKU }, "set the annotation " + wellknown.AnnotationImageFamily + " instead",
	}
	return map[string]rule{
		wellknown.PrefixAKS + "mode":               {func(Pool) string { return "user" }, own},
		wellknown.PrefixAKS + "role":               {func(Pool) string { return "agent" }, own},
		wellknown.PrefixAKS + "accelerator":        gpu,
		wellknown.PrefixAKS + "os-sku":             image,
		wellknown.PrefixAKS + "os-sku-requested":   image,
		wellknown.PrefixAKS + "os-sku-effective":   image,
		"kubernetes.io/role":                       {func(Pool) string { return "agent" }, own},
		"kubernetes.io/os":                         system,
		"beta.kubernetes.io/os":                    system,
		"kubernetes.io/arch":                       arch,
		"beta.kubernetes.io/arch":                  arch,
		"node.kubernetes.io/instance-type":         size,
		"beta.kubernetes.io/instance-type":         size,
		"topology.kubernetes.io/region":            region,
		"failure-domain.beta.kubernetes.io/region": region,
		"topology.kubernetes.io/zone":              zone,
		"failure-domain.beta.kubernetes.io/zone":   zone,
		wellknown.PrefixAKS + "scalesetpriority": {func(p Pool) string {
			if p.Spot {
				return "spot"
			}
			return ""
		}, `set the annotation syncer.dev/spot: "true" instead`},
	}
}()

// OfSyncer reports whether syncer sets a label by itself: it knows its pools by these, and reads in them whose they
// are.
func OfSyncer(key string) bool {
	return key == wellknown.LabelInferenceSet || strings.HasPrefix(key, wellknown.PrefixSyncer)
}

// Owned reports whether AKS, the kubelet or syncer sets a label by itself, so that no file may. A kubelet may set
// labels under node.kubernetes.io and kubelet.kubernetes.io, and no others of Kubernetes' domains.
func Owned(key string) bool {
	if _, ok := rules[key]; ok || slices.Contains(named, key) || OfSyncer(key) {
		return true
	}
	domain, _, qualified := strings.Cut(key, "/")
	if !qualified || slices.Contains([]string{"node.kubernetes.io", "kubelet.kubernetes.io"}, domain) {
		return false
	}
	return slices.ContainsFunc([]string{"kubernetes.io", "k8s.io", "kubernetes.azure.com"}, func(d string) bool {
		return domain == d || strings.HasSuffix(domain, "."+d)
	})
}

// Judge returns why the nodes of a pool do not have an Owned label with the value, or nil.
func Judge(key, value string, p Pool) *Fault {
	r, known := rules[key]
	if OfSyncer(key) {
		return judgeOurs(key, value, p)
	}
	if slices.Contains(named, key) {
		return &Fault{"is the name of the pool, which syncer chooses", own}
	}
	if !known {
		return &Fault{
			"belongs to AKS or the kubelet, and no pool that syncer makes is known to have it",
			free,
		}
	}
	has := r.value(p)
	switch {
	case has == "":
		return &Fault{"is a label that AKS sets by itself, and which its value will be is not known here", r.hint}
	case has == value:
		return nil
	}
	return &Fault{fmt.Sprintf("is a label that AKS sets by itself, to %s on this pool", has), r.hint}
}

// judgeOurs is Judge for the labels of OfSyncer.
func judgeOurs(key, value string, p Pool) *Fault {
	has := map[string]string{wellknown.LabelCluster: p.Cluster, wellknown.LabelInferenceSet: p.Set}[key]
	switch {
	case has == "":
		return &Fault{"is a label of syncer, and nodes of one Workspace do not have it", free}
	case has == value:
		return nil
	}
	return &Fault{fmt.Sprintf("is a label that syncer sets by itself, to %s on these nodes", has), free}
}

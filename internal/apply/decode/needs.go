// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/wellknown"
)

// Needs are the nodes that a pod needs, and the one that it has.
type Needs struct {
	Node string // spec.nodeName
	Pool string // the agent pool that it requires, or ""
	GPUs int64  // the whole GPUs that its containers request
}

// NeedsOf reads those of a pod.
func NeedsOf(pod *unstructured.Unstructured) (Needs, error) {
	var f Fields
	if out := f.needs(f.Object(pod.Object, "spec")); !f.Odd {
		return out, nil
	}
	return typedNeeds(pod)
}

func typedNeeds(pod *unstructured.Unstructured) (Needs, error) {
	typed, err := Typed[struct {
		Spec podSpec `json:"spec"`
	}](pod)
	if err != nil {
		return Needs{}, err
	}
	return typed.Spec.needs(), nil
}

// What is read of the specification of a pod. The types of k8s.io/api take much longer to convert.
type (
	podSpec struct {
		NodeName   string   `json:"nodeName"`
		Affinity   affinity `json:"affinity"`
		Containers []struct {
			Resources struct {
				Limits struct {
					GPUs resource.Quantity `json:"nvidia.com/gpu"`
				} `json:"limits"`
			} `json:"resources"`
		} `json:"containers"`
	}
	affinity struct {
		NodeAffinity struct {
			Required struct {
				NodeSelectorTerms []struct {
					MatchExpressions []struct {
						Key    string   `json:"key"`
						Values []string `json:"values"`
					} `json:"matchExpressions"`
				} `json:"nodeSelectorTerms"`
			} `json:"requiredDuringSchedulingIgnoredDuringExecution"`
		} `json:"nodeAffinity"`
	}
)

func (p *podSpec) needs() Needs {
	return Needs{Node: p.NodeName, Pool: p.Affinity.pool(), GPUs: p.gpus()}
}

// pool returns the agent pool that a pod requires, or "".
func (a *affinity) pool() string {
	for _, term := range a.NodeAffinity.Required.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == wellknown.LabelAgentPool && len(e.Values) == 1 {
				return e.Values[0]
			}
		}
	}
	return ""
}

// maxGPUs is more than any node has, and so little that the sum over all pods of a node is no overflow. It is ours.
const maxGPUs = 1 << 20

// gpus adds up the whole GPUs that the containers of a pod request. For GPUs, the request equals the limit.
func (p *podSpec) gpus() int64 {
	var sum int64
	for i := range p.Containers {
		sum += min(p.Containers[i].Resources.Limits.GPUs.Value(), maxGPUs)
	}
	return sum
}

// needs is podSpec.needs without a conversion.
func (f *Fields) needs(spec map[string]any) Needs {
	out := Needs{Node: f.Text(spec, "nodeName")}
	affinity := f.Object(f.Object(spec, "affinity"), "nodeAffinity")
	required := f.Object(affinity, "requiredDuringSchedulingIgnoredDuringExecution")
	found := false
	f.Objects(required, "nodeSelectorTerms", func(term map[string]any) {
		f.Objects(term, "matchExpressions", func(e map[string]any) {
			values := f.list(e, "values")
			for _, value := range values {
				f.asText(value)
			}
			if f.Text(e, "key") == wellknown.LabelAgentPool && len(values) == 1 && !found {
				out.Pool, found = f.asText(values[0]), true
			}
		})
	})
	f.Objects(spec, "containers", func(c map[string]any) {
		out.GPUs += f.gpus(f.Object(f.Object(c, "resources"), "limits"))
	})
	return out
}

// gpus reads a quantity that is a plain number.
func (f *Fields) gpus(limits map[string]any) int64 {
	text := f.Text(limits, wellknown.ResourceGPU)
	if text == "" {
		_, given := limits[wellknown.ResourceGPU].(string)
		f.Odd = f.Odd || given
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 31)
	f.Odd = f.Odd || err != nil
	return min(int64(n), maxGPUs)
}

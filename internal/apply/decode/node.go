// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// Node reads a node. GPUs and slices are those that pods can get.
func Node(node *corev1.Node) cluster.Node {
	gpus := node.Status.Allocatable[cluster.ResourceGPU]
	n := cluster.Node{
		Name:         node.Name,
		Pool:         node.Labels[wellknown.LabelAgentPool],
		InstanceType: node.Labels[corev1.LabelInstanceTypeStable],
		Labels:       node.Labels,
		GPUs:         gpus.Value(),
		Cordoned:     node.Spec.Unschedulable,
	}
	for _, o := range node.OwnerReferences {
		if o.Kind == "NodeClaim" && strings.HasPrefix(o.APIVersion, "karpenter.sh/") {
			n.Claim = o.Name
		}
	}
	for resource, quantity := range node.Status.Allocatable {
		if profile, ok := strings.CutPrefix(string(resource), cluster.ResourceMIG); ok {
			if n.Slices == nil {
				n.Slices = map[string]int64{}
			}
			n.Slices[profile] = quantity.Value()
		}
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			n.Ready = c.Status == corev1.ConditionTrue && node.DeletionTimestamp == nil
		}
	}
	return n
}

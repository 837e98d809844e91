// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// containsField reports whether a managed field set names a label.
func containsField(raw []byte, label string) bool {
	return bytes.Contains(raw, []byte(`"f:`+label+`"`))
}

// Observe returns all live objects that are ours. It returns an error rather than a part of them, because a caller
// takes a missing object for deleted. It sends no request once all objects are listed, and makes only those parts of the
// State again that have changed; nobody may change the State.
func (c *Cluster) Observe(ctx context.Context) (cluster.State, error) {
	if err := c.watches.synced(); err != nil {
		if away := c.contact(ctx); away != nil { // it says more than that nothing is listed
			return cluster.State{}, away
		}
		return cluster.State{}, &UnreachableError{URL: c.config.Host, err: err}
	}
	if err := c.watches.probe.last(); err != nil {
		return cluster.State{}, err
	}
	x := extras{contests: c.contests.All(), taken: func(*cluster.Node) {}}
	if l := c.watches.optionalKind(podKind); l != nil && l.within(c.watches.patience) {
		x.foreign, x.allPods, x.taken = true, l.listed(), l.taken
	}
	return c.watches.view.state(x)
}

func objectOf(s *slim) cluster.Object {
	return cluster.Object{
		Ref:           s.ref(),
		UID:           s.uid,
		Workspace:     keyOf(s),
		Source:        once(lookup(s.annotations, cluster.AnnotationSource)),
		Inputs:        once(lookup(s.annotations, cluster.AnnotationInputs)),
		Owned:         s.mine,
		PruneDisabled: lookup(s.annotations, cluster.AnnotationPrune) == "disabled",
		Deleting:      s.deleted != 0,
		Finalizers:    foreignFinalizers(s.finalizersList()),
	}
}

// ownFinalizers are those that Kubernetes' controllers take off by themselves, as a rule at once: of the garbage
// collector, of the Job controller on its pods, and of a volume claim that a pod still uses.
var ownFinalizers = []string{
	metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents,
	batchv1.JobTrackingFinalizer, "kubernetes.io/pvc-protection",
}

// foreignFinalizers returns finalizers without ownFinalizers.
func foreignFinalizers(all []string) []string {
	own := func(f string) bool { return slices.Contains(ownFinalizers, f) }
	return slices.DeleteFunc(slices.Clone(all), own)
}

func nodeOf(node *corev1.Node) cluster.Node {
	gpus := node.Status.Allocatable[cluster.ResourceGPU]
	n := cluster.Node{
		Name:         node.Name,
		Pool:         node.Labels[wellknown.LabelAgentPool],
		InstanceType: node.Labels[corev1.LabelInstanceTypeStable],
		Labels:       node.Labels,
		GPUs:         gpus.Value(),
		Cordoned:     node.Spec.Unschedulable,
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

// ofInterest reports whether a node has, or should have, GPUs: by its resources, its pool, or the labels of NVIDIA's
// GPU feature discovery.
func ofInterest(n cluster.Node) bool {
	if n.Pool != "" || n.GPUs > 0 || len(n.Slices) > 0 || n.Labels[cluster.LabelNodePool] != "" {
		return true
	}
	for key := range n.Labels {
		if strings.HasPrefix(key, wellknown.ResourceGPU) {
			return true
		}
	}
	return false
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// containsField reports whether a managed field set names a label.
func containsField(raw []byte, label string) bool {
	return bytes.Contains(raw, []byte(`"f:`+label+`"`))
}

// Observe returns all live objects that are ours. It returns an error rather than a part of them, because a caller
// takes a missing object for deleted.
func (c *Cluster) Observe(ctx context.Context) (cluster.State, error) {
	if err := c.contact(ctx); err != nil {
		return cluster.State{}, err
	}
	if err := c.watches.synced(); err != nil {
		return cluster.State{}, &UnreachableError{URL: c.config.Host, err: err}
	}
	s := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}
	for _, gvr := range []schema.GroupVersionResource{statefulSets, jobs, services, configMaps, claims} {
		for _, u := range c.watches.list(gvr) {
			o := objectOf(u)
			if gvr == claims && o.Workspace == (workspace.Key{}) {
				o.Health = healthOf(u)
			}
			s.Objects = append(s.Objects, o)
		}
	}
	for _, l := range c.watches.optional {
		if l.applied {
			for _, u := range l.list() {
				o := objectOf(u)
				if o.Workspace == (workspace.Key{}) {
					o.Health = healthOf(u)
				}
				s.Objects = append(s.Objects, o)
			}
		}
	}
	slices.SortFunc(s.Objects, func(a, b cluster.Object) int { return a.Ref.Compare(b.Ref) })
	for _, gvr := range []schema.GroupVersionResource{statefulSets, jobs} {
		for _, u := range c.watches.list(gvr) {
			if name := u.GetLabels()[cluster.LabelWorkspace]; name == u.GetName() && u.GetDeletionTimestamp() == nil {
				w, err := workloadOf(u)
				if err != nil {
					return cluster.State{}, err
				}
				s.Workloads[workspace.Key{Namespace: u.GetNamespace(), Name: name}] = w
			}
		}
	}
	if err := errors.Join(c.addPods(s), c.addEndpoints(s), c.addNodes(&s)); err != nil {
		return cluster.State{}, err
	}
	c.addTaken(&s)
	s.NodePools = c.nodePools()
	s.Contests = c.contests.All()
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

func objectOf(u *unstructured.Unstructured) cluster.Object {
	a := u.GetAnnotations()
	o := cluster.Object{
		Ref:           cluster.RefOf(u),
		UID:           string(u.GetUID()),
		Source:        a[cluster.AnnotationSource],
		Inputs:        a[cluster.AnnotationInputs],
		Owned:         appliedByUs(u),
		PruneDisabled: a[cluster.AnnotationPrune] == "disabled",
		PruneEnabled:  a[cluster.AnnotationPrune] == workspace.PruneEnabled,
		Observed:      a[workspace.AnnotationMode] == workspace.ModeObserve,
		Deleting:      u.GetDeletionTimestamp() != nil,
		Finalizers:    finalizersOf(u),
	}
	if name := u.GetLabels()[cluster.LabelWorkspace]; name != "" {
		o.Workspace = workspace.Key{
			Namespace: cmp.Or(u.GetNamespace(), u.GetLabels()[cluster.LabelWorkspaceNamespace]),
			Name:      name,
		}
	}
	return o
}

// ownFinalizers are those that Kubernetes' controllers take off by themselves, as a rule at once: of the garbage
// collector, of the Job controller on its pods, and of a volume claim that a pod still uses.
var ownFinalizers = []string{
	metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents,
	batchv1.JobTrackingFinalizer, "kubernetes.io/pvc-protection",
}

// finalizersOf returns the finalizers of an object without ownFinalizers.
func finalizersOf(o metav1.Object) []string {
	own := func(f string) bool { return slices.Contains(ownFinalizers, f) }
	return slices.DeleteFunc(slices.Clone(o.GetFinalizers()), own)
}

// addPods adds pods to their workloads. Pods of deleted workloads go to a workload without a name, because they still
// use a pool.
func (c *Cluster) addPods(s cluster.State) error {
	list, err := listed[corev1.Pod](c.watches, pods)
	for _, pod := range list {
		name := pod.Labels[cluster.LabelWorkspace]
		if name == "" {
			continue
		}
		key := workspace.Key{Namespace: pod.Namespace, Name: name}
		w := s.Workloads[key]
		w.Pods = append(w.Pods, podOf(pod))
		slices.SortFunc(w.Pods, func(a, b cluster.Pod) int { return strings.Compare(a.Name, b.Name) })
		s.Workloads[key] = w
	}
	return err
}

// addEndpoints counts the ready addresses behind each Workspace's Service, which has its name.
func (c *Cluster) addEndpoints(s cluster.State) error {
	list, err := listed[discoveryv1.EndpointSlice](c.watches, endpointSlices)
	for _, slice := range list {
		key := workspace.Key{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		w, ok := s.Workloads[key]
		if !ok {
			continue
		}
		for _, e := range slice.Endpoints {
			// publishNotReadyAddresses makes every address "ready"; only serving tells whether the pod is.
			if e.Conditions.Serving == nil || *e.Conditions.Serving {
				w.Endpoints++
			}
		}
		s.Workloads[key] = w
	}
	return err
}

// addNodes lists the nodes that have, or should have, GPUs.
func (c *Cluster) addNodes(s *cluster.State) error {
	list, err := listed[corev1.Node](c.watches, nodes)
	for _, node := range list {
		if n := nodeOf(node); ofInterest(n) {
			s.Nodes = append(s.Nodes, n)
		}
	}
	return err
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

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/cluster"
)

// unmanagedPod holds the few fields of each pod of the cluster that syncer needs, for managed pods too: there may be
// many pods, and only a small part of them is on GPU nodes.
type unmanagedPod struct {
	metav1.TypeMeta
	metav1.ObjectMeta // its name, and what informers need

	node   string
	gpus   int64 // whole GPUs that it requests
	ours   bool
	daemon bool // of a DaemonSet, or static: it lives and dies with its node
}

// DeepCopyObject implements runtime.Object, as informers need. A shallow copy is enough: the fields never change.
func (p *unmanagedPod) DeepCopyObject() runtime.Object { q := *p; return &q }

// byNode indexes pods by their node.
const byNode = "node"

var podIndexers = cache.Indexers{byNode: func(o any) ([]string, error) {
	if p, ok := o.(*unmanagedPod); ok {
		return []string{p.node}, nil
	}
	return nil, nil
}}

// addTaken counts the GPUs that unmanaged pods request on each node, and lists the node's pods. Without permission to
// list all pods it counts nothing, and only the scheduler knows. While a watch restarts, the last known pods count, but
// AllPods is false.
func (c *Cluster) addTaken(s *cluster.State) {
	l := c.watches.optionalKind(podKind)
	if l == nil || !l.within(c.watches.patience) {
		return
	}
	s.AllPods = l.listed()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		for _, o := range l.indexed(byNode, n.Name) {
			p, ok := o.(*unmanagedPod)
			if !ok {
				continue
			}
			if !p.daemon {
				n.Pods = append(n.Pods, p.Namespace+"/"+p.Name)
			}
			if !p.ours {
				n.Taken += p.gpus
			}
		}
		slices.Sort(n.Pods)
	}
}

// stripPod returns a transformation of a pod into an unmanagedPod: its node, its GPUs, and whether syncer manages it.
func stripPod(clusterName string) cache.TransformFunc {
	return func(o any) (any, error) {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return o, nil // informers may transform an object twice
		}
		pod, err := typed[struct {
			Spec corev1.PodSpec `json:"spec"`
		}](u)
		if err != nil {
			return nil, err
		}
		labels := u.GetLabels()
		return &unmanagedPod{
			ObjectMeta: metav1.ObjectMeta{
				Name:            u.GetName(),
				Namespace:       u.GetNamespace(),
				UID:             u.GetUID(),
				ResourceVersion: u.GetResourceVersion(),
			},
			node: pod.Spec.NodeName, gpus: gpusOf(&pod.Spec), daemon: ofDaemon(u),
			ours: labels[cluster.LabelManagedBy] == cluster.ManagedBy && labels[cluster.LabelCluster] == clusterName,
		}, nil
	}
}

// ofDaemon reports whether a pod belongs to a DaemonSet, or is a static pod of the kubelet.
func ofDaemon(u *unstructured.Unstructured) bool {
	for _, o := range u.GetOwnerReferences() {
		if o.Kind == "DaemonSet" || o.Kind == "Node" {
			return true
		}
	}
	return u.GetAnnotations()[corev1.MirrorPodAnnotationKey] != ""
}

func samePod(before, after any) bool {
	b, ok1 := before.(*unmanagedPod)
	a, ok2 := after.(*unmanagedPod)
	return ok1 && ok2 && b.node == a.node
}

// hasGPUs reports whether a pod requests GPUs. It is true for a tombstone of an informer, whose pod is unknown.
func hasGPUs(o any) bool {
	p, ok := o.(*unmanagedPod)
	return !ok || p.gpus > 0
}

// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/decode"
	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

// unmanagedPod holds the few fields of each pod of the cluster that syncer needs, for managed pods too: there may be
// many pods, and only a small part of them is on GPU nodes.
type unmanagedPod struct {
	mirror.Identity

	node   string
	gpus   int64 // whole GPUs that it requests
	ours   bool
	daemon bool // of a DaemonSet, or static: it lives and dies with its node
}

// DeepCopyObject implements runtime.Object, as informers need. The copy is the pod itself, which never changes.
func (p *unmanagedPod) DeepCopyObject() runtime.Object { return p }

// GetObjectKind implements runtime.Object, as informers need.
func (p *unmanagedPod) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// byNode indexes pods by their node.
const byNode = "node"

var podIndexers = cache.Indexers{byNode: func(o any) ([]string, error) {
	if p, ok := o.(*unmanagedPod); ok {
		return []string{p.node}, nil
	}
	return nil, nil
}}

// taken counts the GPUs that unmanaged pods request on a node, and lists the node's pods. Without permission to list
// all pods it is not called, and only the scheduler knows. While a watch restarts, the last known pods count.
// ours tells which pods without our labels are ours.
func (l *optionalKind) taken(n *cluster.Node, ours func(namespace, name string) bool) {
	for _, o := range l.indexed(byNode, n.Name) {
		p, ok := o.(*unmanagedPod)
		if !ok {
			continue
		}
		if !p.daemon {
			n.Pods = append(n.Pods, p.Namespace()+"/"+p.Name())
		}
		if !p.ours && !ours(p.Namespace(), p.Name()) {
			n.Taken += p.gpus
		}
	}
	slices.Sort(n.Pods)
}

// foreignHandlers have the nodes read again whose pods have changed, and signal what changes the use of GPUs.
func (w *Informers) foreignHandlers() cache.ResourceEventHandler {
	touch := func(o any) {
		if p, ok := o.(*unmanagedPod); ok {
			w.view.TouchNode(p.node)
		} else { // the watch has missed a deletion
			w.view.TouchNodes()
		}
	}
	news := func(o any) {
		touch(o)
		if hasGPUs(o) {
			w.signal()
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    news,
		DeleteFunc: news,
		UpdateFunc: func(before, after any) {
			if !samePod(before, after) {
				touch(before)
				touch(after)
				w.signal()
			}
		},
	}
}

// stripPod returns a transformation of a pod into an unmanagedPod: its node, its GPUs, and whether syncer manages it.
func stripPod(clusterName string) cache.TransformFunc {
	return func(o any) (any, error) {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return o, nil // informers may transform an object twice
		}
		needs, err := decode.NeedsOf(u)
		if err != nil {
			return nil, err
		}
		by, _ := cluster.TextIn(u, "labels", cluster.LabelManagedBy)
		of, _ := cluster.TextIn(u, "labels", cluster.LabelCluster)
		return &unmanagedPod{
			Identity: mirror.IdentityOf(u),
			node:     mirror.Once(needs.Node), gpus: needs.GPUs, daemon: ofDaemon(u),
			ours: by == cluster.ManagedBy && of == clusterName,
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
	mirrored, _ := cluster.TextIn(u, "annotations", corev1.MirrorPodAnnotationKey)
	return mirrored != ""
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

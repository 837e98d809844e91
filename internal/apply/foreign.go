package apply

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/cluster"
)

// foreignPod is what is kept of each pod of the cluster, whoever's it is. There may be many, and hardly any is on a node with GPUs.
type foreignPod struct {
	metav1.TypeMeta
	metav1.ObjectMeta // its name, and what informers need

	node   string
	gpus   int64 // whole ones that it asks for
	ours   bool
	daemon bool // it comes with its node
}

// DeepCopyObject makes it an object that informers handle. Nothing in it is ever changed.
func (p *foreignPod) DeepCopyObject() runtime.Object { q := *p; return &q }

// byNode finds pods by the node that they are on.
const byNode = "node"

var foreignIndexers = cache.Indexers{byNode: func(o any) ([]string, error) {
	if p, ok := o.(*foreignPod); ok {
		return []string{p.node}, nil
	}
	return nil, nil
}}

// addTaken counts on each node the GPUs that pods of others ask for, and lists the pods that are there. Without permission to
// list all pods there is nothing to count, and the scheduler alone knows. While a watch is being taken up again, what was seen
// last counts, but is not said to be all.
func (c *Cluster) addTaken(s *cluster.State) {
	l := c.watches.lateKind(podKind)
	if l == nil || !l.within(c.watches.patience) {
		return
	}
	s.AllPods = l.listed()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		for _, o := range l.indexed(byNode, n.Name) {
			p, ok := o.(*foreignPod)
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

// slimForeign returns a transformation that keeps of a pod where it runs, how many GPUs it asks for, and whether it is ours.
func slimForeign(clusterName string) cache.TransformFunc {
	return func(o any) (any, error) {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return o, nil // informers may ask twice
		}
		node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName")
		labels := u.GetLabels()
		return &foreignPod{
			ObjectMeta: metav1.ObjectMeta{Name: u.GetName(), Namespace: u.GetNamespace(), UID: u.GetUID(), ResourceVersion: u.GetResourceVersion()},
			node:       node, gpus: gpusOf(u), daemon: ofDaemon(u),
			ours: labels[cluster.LabelManagedBy] == cluster.ManagedBy && labels[cluster.LabelCluster] == clusterName,
		}, nil
	}
}

// ofDaemon reports whether a pod comes with its node: that of a DaemonSet, or a static one of the kubelet.
func ofDaemon(u *unstructured.Unstructured) bool {
	for _, o := range u.GetOwnerReferences() {
		if o.Kind == "DaemonSet" || o.Kind == "Node" {
			return true
		}
	}
	return u.GetAnnotations()[corev1.MirrorPodAnnotationKey] != ""
}

// gpusOf adds up the whole GPUs that the containers of a pod ask for. For GPUs, the request equals the limit.
func gpusOf(u *unstructured.Unstructured) int64 {
	var sum int64
	containers, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "containers")
	list, _ := containers.([]any)
	for _, c := range list {
		m, _ := c.(map[string]any)
		text, _, _ := unstructured.NestedString(m, "resources", "limits", cluster.ResourceGPU)
		if q, err := resource.ParseQuantity(text); err == nil {
			sum += q.Value()
		}
	}
	return sum
}

func sameForeign(before, after any) bool {
	b, ok1 := before.(*foreignPod)
	a, ok2 := after.(*foreignPod)
	return ok1 && ok2 && b.node == a.node
}

// hasGPUs reports whether a pod has asked for GPUs. Of one that informers have lost sight of nobody knows.
func hasGPUs(o any) bool {
	p, ok := o.(*foreignPod)
	return !ok || p.gpus > 0
}

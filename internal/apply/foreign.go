package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// addTaken counts on each node the GPUs that pods of others ask for, and lists the pods that are there. Without permission to
// list all pods there is nothing to count, and the scheduler alone knows.
func (c *Cluster) addTaken(s *cluster.State) {
	l := c.watches.lateKind(podKind)
	if l == nil || !l.listed() {
		return
	}
	s.AllPods = true
	taken, on := map[string]int64{}, map[string][]string{}
	for _, u := range l.list() {
		if node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName"); !stays(u) {
			on[node] = append(on[node], u.GetNamespace()+"/"+u.GetName())
		}
		if labels := u.GetLabels(); labels[cluster.LabelManagedBy] == cluster.ManagedBy && labels[cluster.LabelCluster] == c.options.Cluster {
			continue
		}
		node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName")
		taken[node] += number(u, "spec", "gpus")
	}
	for i := range s.Nodes {
		s.Nodes[i].Taken = taken[s.Nodes[i].Name]
		s.Nodes[i].Pods = slices.Sorted(slices.Values(on[s.Nodes[i].Name]))
	}
}

// slimForeign keeps of a pod where it runs, how many GPUs it asks for, and whose it is.
func slimForeign(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	if _, done, _ := unstructured.NestedInt64(u.Object, "spec", "gpus"); done { // informers may ask twice
		return u, nil
	}
	node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName")
	labels := map[string]any{}
	for _, key := range []string{cluster.LabelManagedBy, cluster.LabelCluster} {
		if v := u.GetLabels()[key]; v != "" {
			labels[key] = v
		}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"name": u.GetName(), "namespace": u.GetNamespace(), "uid": string(u.GetUID()), "resourceVersion": u.GetResourceVersion(), "labels": labels,
		},
		"spec": map[string]any{"nodeName": node, "gpus": gpusOf(u), "daemon": ofDaemon(u)},
	}}, nil
}

// ofDaemon reports whether a pod comes with its node: that of a DaemonSet, or a static one of the kubelet.
func ofDaemon(u *unstructured.Unstructured) bool {
	for _, o := range u.GetOwnerReferences() {
		if o.Kind == "DaemonSet" || o.Kind == "Node" {
			return true
		}
	}
	return u.GetAnnotations()["kubernetes.io/config.mirror"] != ""
}

// stays reports whether a pod, as slimForeign left it, comes with its node.
func stays(u *unstructured.Unstructured) bool {
	daemon, _, _ := unstructured.NestedBool(u.Object, "spec", "daemon")
	return daemon
}

// gpusOf adds up the whole GPUs that the containers of a pod ask for. For GPUs, the request equals the limit.
func gpusOf(u *unstructured.Unstructured) int64 {
	var sum int64
	containers, _, _ := unstructured.NestedSlice(u.Object, "spec", "containers")
	for _, c := range containers {
		m, _ := c.(map[string]any)
		text, _, _ := unstructured.NestedString(m, "resources", "limits", cluster.ResourceGPU)
		if q, err := resource.ParseQuantity(text); err == nil {
			sum += q.Value()
		}
	}
	return sum
}

func sameForeign(before, after *unstructured.Unstructured) bool {
	x, _, _ := unstructured.NestedString(before.Object, "spec", "nodeName")
	y, _, _ := unstructured.NestedString(after.Object, "spec", "nodeName")
	return x == y
}

// hasGPUs reports whether a pod, as slimForeign left it, has asked for GPUs.
func hasGPUs(u *unstructured.Unstructured) bool { return number(u, "spec", "gpus") > 0 }

package apply

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// containsField reports whether a managed field set names a label.
func containsField(raw []byte, label string) bool {
	return bytes.Contains(raw, []byte(`"f:`+label+`"`))
}

// Observe returns everything live that is ours. It fails rather than tell only a part: what is missing from an answer might
// be taken for gone.
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
			s.Objects = append(s.Objects, objectOf(u))
		}
	}
	for _, l := range c.watches.late {
		if l.applied {
			for _, u := range l.list() {
				s.Objects = append(s.Objects, objectOf(u))
			}
		}
	}
	slices.SortFunc(s.Objects, func(a, b cluster.Object) int { return a.Ref.Compare(b.Ref) })
	for _, gvr := range []schema.GroupVersionResource{statefulSets, jobs} {
		for _, u := range c.watches.list(gvr) {
			if name := u.GetLabels()[cluster.LabelWorkspace]; name == u.GetName() && u.GetDeletionTimestamp() == nil {
				s.Workloads[workspace.Key{Namespace: u.GetNamespace(), Name: name}] = workloadOf(u)
			}
		}
	}
	c.addPods(s)
	c.addEndpoints(s)
	for _, u := range c.watches.list(nodes) {
		if n := nodeOf(u); ofInterest(n) {
			s.Nodes = append(s.Nodes, n)
		}
	}
	c.addTaken(&s)
	s.NodePools = c.nodePools()
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

func objectOf(u *unstructured.Unstructured) cluster.Object {
	a := u.GetAnnotations()
	o := cluster.Object{
		Ref: cluster.RefOf(u), UID: string(u.GetUID()), Source: a[cluster.AnnotationSource], Inputs: a[cluster.AnnotationInputs],
		Owned: appliedByUs(u), PruneDisabled: a[cluster.AnnotationPrune] == "disabled", Deleting: u.GetDeletionTimestamp() != nil,
	}
	if name := u.GetLabels()[cluster.LabelWorkspace]; name != "" {
		o.Workspace = workspace.Key{Namespace: cmp.Or(u.GetNamespace(), u.GetLabels()[cluster.LabelWorkspaceNamespace]), Name: name}
	}
	return o
}

// addPods puts pods to the workloads that they belong to. Those of workloads that are gone are put to a workload without a
// name, because what still runs on a pool matters.
func (c *Cluster) addPods(s cluster.State) {
	for _, u := range c.watches.list(pods) {
		name := u.GetLabels()[cluster.LabelWorkspace]
		if name == "" {
			continue
		}
		key := workspace.Key{Namespace: u.GetNamespace(), Name: name}
		w := s.Workloads[key]
		w.Pods = append(w.Pods, podOf(u))
		slices.SortFunc(w.Pods, func(a, b cluster.Pod) int { return strings.Compare(a.Name, b.Name) })
		s.Workloads[key] = w
	}
}

// addEndpoints counts the ready addresses behind each Workspace's Service, which has its name.
func (c *Cluster) addEndpoints(s cluster.State) {
	for _, u := range c.watches.list(endpointSlices) {
		key := workspace.Key{Namespace: u.GetNamespace(), Name: u.GetLabels()["kubernetes.io/service-name"]}
		w, ok := s.Workloads[key]
		if !ok {
			continue
		}
		endpoints, _, _ := unstructured.NestedSlice(u.Object, "endpoints")
		for _, e := range endpoints {
			m, _ := e.(map[string]any)
			// publishNotReadyAddresses makes every address "ready"; only serving tells whether the pod is.
			if serving, found, _ := unstructured.NestedBool(m, "conditions", "serving"); serving || !found {
				w.Endpoints++
			}
		}
		s.Workloads[key] = w
	}
}

func nodeOf(u *unstructured.Unstructured) cluster.Node {
	l := u.GetLabels()
	n := cluster.Node{
		Name: u.GetName(), Pool: l["kubernetes.azure.com/agentpool"], InstanceType: l["node.kubernetes.io/instance-type"], Labels: l,
		GPUs: quantity(u, "status", "allocatable", cluster.ResourceGPU),
	}
	n.Cordoned, _, _ = unstructured.NestedBool(u.Object, "spec", "unschedulable")
	allocatable, _, _ := unstructured.NestedMap(u.Object, "status", "allocatable")
	for resource := range allocatable {
		if profile, ok := strings.CutPrefix(resource, cluster.ResourceMIG); ok {
			if n.Slices == nil {
				n.Slices = map[string]int64{}
			}
			n.Slices[profile] = quantity(u, "status", "allocatable", resource)
		}
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if m, _ := c.(map[string]any); m["type"] == "Ready" {
			n.Ready = m["status"] == "True" && u.GetDeletionTimestamp() == nil
		}
	}
	return n
}

// ofInterest reports whether a node has, or should have, GPUs: by what it offers, by whose it is, or by the labels that
// NVIDIA's GPU feature discovery has put on it.
func ofInterest(n cluster.Node) bool {
	if n.Pool != "" || n.GPUs > 0 || len(n.Slices) > 0 || n.Labels[cluster.LabelNodePool] != "" {
		return true
	}
	for key := range n.Labels {
		if strings.HasPrefix(key, "nvidia.com/gpu") {
			return true
		}
	}
	return false
}

// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
)

func isWorkload(ref cluster.Ref) bool { return ref.Kind == "StatefulSet" || ref.Kind == "Job" }

func nameOf(ref cluster.Ref) string { return ref.Namespace + "/" + ref.Name }

// WorkloadOf reads the fields of a StatefulSet or a Job that its controller and the scheduler use.
func WorkloadOf(o *unstructured.Unstructured) capacitytest.Workload {
	ref := cluster.RefOf(o)
	return capacitytest.Workload{
		Name:     nameOf(ref),
		Job:      ref.Kind == "Job",
		Pool:     requiredPool(o),
		GPUs:     gpus(o),
		Replicas: replicas(o),
		Template: PodTemplate(o),
	}
}

// requiredPool returns the agent pool that the pods of a workload require, or "".
func requiredPool(o *unstructured.Unstructured) string {
	terms, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "affinity", "nodeAffinity",
		"requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	if len(terms) == 0 {
		return ""
	}
	expressions := terms[0].(map[string]any)["matchExpressions"].([]any)
	last := expressions[len(expressions)-1].(map[string]any)
	return last["values"].([]any)[0].(string)
}

func gpus(o *unstructured.Unstructured) int {
	containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	limit, _, _ := unstructured.NestedFieldNoCopy(
		containers[0].(map[string]any),
		"resources",
		"limits",
		cluster.ResourceGPU,
	)
	var n int
	_, _ = fmt.Sscan(fmt.Sprint(limit), &n)
	return n
}

func replicas(o *unstructured.Unstructured) int {
	if o.GetKind() == "Job" {
		if suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); suspended {
			return 0
		}
		return 1
	}
	n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !found {
		return 1
	}
	return int(n)
}

// PodTemplate identifies the content of the pod template of a workload.
func PodTemplate(o *unstructured.Unstructured) string {
	t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return fmt.Sprint(t)
}

// Phase returns the phase of a pod, in the words of Kubernetes.
func Phase(w capacitytest.Workload, p capacitytest.Pod) string {
	switch {
	case w.Finished == capacitytest.Complete:
		return "Succeeded"
	case w.Finished == capacitytest.Broken:
		return "Failed"
	case p.Node == "":
		return "Pending"
	}
	return "Running"
}

// LiveNodes returns the nodes of Azure's pools as the API server lists them, by name.
func LiveNodes(azure *capacitytest.Checked) []cluster.Node {
	var out []cluster.Node
	for pool, names := range azure.Fake.Nodes() {
		sku, _ := capacity.LookupSKU(azure.Find(pool).Size)
		for _, name := range names {
			node := cluster.Node{
				Name:         name,
				Pool:         pool,
				InstanceType: sku.Name,
				Ready:        azure.Nodes.Ready(name),
				Pods:         azure.Nodes.On(name),
			}
			if node.Ready {
				node.GPUs = int64(sku.GPUs)
			}
			out = append(out, node)
		}
	}
	slices.SortFunc(out, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	return out
}

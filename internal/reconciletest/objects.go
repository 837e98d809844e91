// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

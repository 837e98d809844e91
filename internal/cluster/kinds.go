// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Rendered reports whether Workspaces and presets may make objects of a kind. The configuration may allow others as
// plain objects of the repository.
func Rendered(group, kind string) bool {
	switch group + "/" + kind {
	case "/ConfigMap", "/Service", "/PersistentVolumeClaim", "apps/StatefulSet", "batch/Job",
		"policy/PodDisruptionBudget", "networking.k8s.io/NetworkPolicy", "autoscaling/HorizontalPodAutoscaler":
		return true
	}
	return false
}

// RenderedKinds lists the kinds of which Rendered reports true, for people.
func RenderedKinds() []string {
	return []string{
		"ConfigMap", "HorizontalPodAutoscaler", "Job", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget",
		"Service", "StatefulSet",
	}
}

// Stages is the number of stages in which objects are applied, one after another.
const Stages = 3

// Stage returns the stage in which objects of a kind are applied, from 0 to Stages-1: what pods read comes before the
// Services that find them, and both before the workloads that make the pods. Objects are deleted in the opposite order.
func Stage(kind string) int {
	switch kind {
	case "StatefulSet", "Job":
		return 2
	case "Service":
		return 1
	}
	return 0
}

// ByApplyOrder compares objects by the stage in which they are applied, then by kind and name.
func ByApplyOrder(a, b *unstructured.Unstructured) int {
	return cmp.Or(
		cmp.Compare(Stage(a.GetKind()), Stage(b.GetKind())),
		strings.Compare(a.GetKind(), b.GetKind()),
		strings.Compare(a.GetName(), b.GetName()),
	)
}

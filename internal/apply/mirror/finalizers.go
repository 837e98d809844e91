// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownFinalizers are those that Kubernetes' controllers take off by themselves, as a rule at once: of the garbage
// collector, of the Job controller on its pods, and of a volume claim that a pod still uses.
var ownFinalizers = []string{
	metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents,
	batchv1.JobTrackingFinalizer, "kubernetes.io/pvc-protection",
}

// ForeignFinalizers returns finalizers without ownFinalizers.
func ForeignFinalizers(all []string) []string {
	own := func(f string) bool { return slices.Contains(ownFinalizers, f) }
	return slices.DeleteFunc(slices.Clone(all), own)
}

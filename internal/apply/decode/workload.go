// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// What is read of workloads and pods. The types of k8s.io/api take much longer to convert.
type (
	statefulSet struct {
		Spec struct {
			Replicas *int32   `json:"replicas"`
			Template template `json:"template"`
		} `json:"spec"`
		Status struct {
			ObservedGeneration int64  `json:"observedGeneration"`
			ReadyReplicas      int32  `json:"readyReplicas"`
			CurrentRevision    string `json:"currentRevision"`
			UpdateRevision     string `json:"updateRevision"`
		} `json:"status"`
	}
	job struct {
		Spec struct {
			BackoffLimit *int32   `json:"backoffLimit"`
			Template     template `json:"template"`
		} `json:"spec"`
		Status batchv1.JobStatus `json:"status"`
	}
	template struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec podSpec `json:"spec"`
	}
)

// Workload reads a StatefulSet or a Job.
func Workload(u *unstructured.Unstructured) (cluster.Workload, error) {
	if u.GetKind() == "Job" {
		return jobOf(u)
	}
	s, err := setOf(u)
	if err != nil {
		return cluster.Workload{}, err
	}
	w := runs(u, s.needs)
	w.Replicas = s.replicas
	w.Ready = int64(s.ready)
	// Both revisions are the same once all pods of the newest template have been ready together.
	w.Updating = u.GetGeneration() > s.observed || s.current != s.newest
	w.Created = u.GetCreationTimestamp().Time
	w.Adopted = adopted(u, s.managedBy)
	// kstatus: the newest generation was seen, and all replicas are of the newest revision and ready.
	if r, err := status.Compute(u); err == nil {
		w.Current = r.Status == status.CurrentStatus
	}
	return w, nil
}

// set is what is read of a StatefulSet.
type set struct {
	needs           Needs
	replicas        int64
	ready           int32
	observed        int64
	current, newest string // revisions
	managedBy       string // label of the template
}

func setOf(u *unstructured.Unstructured) (set, error) {
	var f Fields
	if out := f.set(u); !f.Odd {
		return out, nil
	}
	return typedSet(u)
}

func typedSet(u *unstructured.Unstructured) (set, error) {
	s, err := Typed[statefulSet](u)
	if err != nil {
		return set{}, err
	}
	out := set{
		needs: s.Spec.Template.Spec.needs(), replicas: 1, ready: s.Status.ReadyReplicas,
		observed: s.Status.ObservedGeneration, current: s.Status.CurrentRevision, newest: s.Status.UpdateRevision,
		managedBy: s.Spec.Template.Metadata.Labels[cluster.LabelManagedBy],
	}
	if s.Spec.Replicas != nil {
		out.replicas = int64(*s.Spec.Replicas)
	}
	return out, nil
}

// set is setOf without a conversion.
func (f *Fields) set(u *unstructured.Unstructured) set {
	spec, status := f.Object(u.Object, "spec"), f.Object(u.Object, "status")
	template := f.Object(spec, "template")
	labels := f.Object(f.Object(template, "metadata"), "labels")
	f.onlyTexts(labels)
	out := set{
		needs: f.needs(f.Object(template, "spec")), replicas: 1, managedBy: f.Text(labels, cluster.LabelManagedBy),
		current: f.Text(status, "currentRevision"), newest: f.Text(status, "updateRevision"),
	}
	if n, given := f.small(spec, "replicas"); given {
		out.replicas = int64(n)
	}
	out.ready, _ = f.small(status, "readyReplicas")
	out.observed, _ = f.number(status, "observedGeneration")
	return out
}

// adopted returns what is known of a StatefulSet that was taken over from KAITO, by who manages its pods; nil for any
// other.
func adopted(u *unstructured.Unstructured, managedBy string) *cluster.Adopted {
	if owners, _ := cluster.TextIn(u, "annotations", wellknown.AnnotationOwners); owners == "" {
		return nil
	}
	out := &cluster.Adopted{}
	out.For, _ = cluster.TextIn(u, "annotations", wellknown.AnnotationTemplate)
	if managedBy != cluster.ManagedBy {
		out.Spec, _, _ = unstructured.NestedMap(u.Object, "spec")
	}
	return out
}

func jobOf(u *unstructured.Unstructured) (cluster.Workload, error) {
	j, err := Typed[job](u)
	if err != nil {
		return cluster.Workload{}, err
	}
	has := func(kinds ...batchv1.JobConditionType) bool {
		return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
			return c.Status == corev1.ConditionTrue && slices.Contains(kinds, c.Type)
		})
	}
	var limit int32
	if j.Spec.BackoffLimit != nil {
		limit = *j.Spec.BackoffLimit
	}
	w := runs(u, j.Spec.Template.Spec.needs())
	w.Current = true
	w.Active = int64(j.Status.Active)
	w.Failed = has(batchv1.JobFailed, batchv1.JobFailureTarget) || j.Status.Failed > limit
	w.Complete = has(batchv1.JobComplete, batchv1.JobSuccessCriteriaMet)
	return w, nil
}

// runs returns a workload with what its pods ask for.
func runs(u *unstructured.Unstructured, pod Needs) cluster.Workload {
	inputs, _ := cluster.TextIn(u, "annotations", cluster.AnnotationInputs)
	w := cluster.Workload{Ref: cluster.RefOf(u), Inputs: inputs, Pool: pod.Pool, GPUs: pod.GPUs}
	w.Ref.Namespace = mirror.Once(w.Ref.Namespace)
	return w
}

// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
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
		Spec Needs `json:"spec"`
	}
	// Needs are the nodes that a pod needs, and the one that it has.
	Needs struct {
		NodeName   string   `json:"nodeName"`
		Affinity   affinity `json:"affinity"`
		Containers []struct {
			Resources struct {
				Limits struct {
					GPUs resource.Quantity `json:"nvidia.com/gpu"`
				} `json:"limits"`
			} `json:"resources"`
		} `json:"containers"`
	}
	affinity struct {
		NodeAffinity struct {
			Required struct {
				NodeSelectorTerms []struct {
					MatchExpressions []struct {
						Key    string   `json:"key"`
						Values []string `json:"values"`
					} `json:"matchExpressions"`
				} `json:"nodeSelectorTerms"`
			} `json:"requiredDuringSchedulingIgnoredDuringExecution"`
		} `json:"nodeAffinity"`
	}
)

// Workload reads a StatefulSet or a Job.
func Workload(u *unstructured.Unstructured) (cluster.Workload, error) {
	if u.GetKind() == "Job" {
		return jobOf(u)
	}
	s, err := Typed[statefulSet](u)
	if err != nil {
		return cluster.Workload{}, err
	}
	w := runs(u, &s.Spec.Template.Spec)
	w.Replicas = 1
	if s.Spec.Replicas != nil {
		w.Replicas = int64(*s.Spec.Replicas)
	}
	w.Ready = int64(s.Status.ReadyReplicas)
	// Both revisions are the same once all pods of the newest template have been ready together.
	w.Updating = u.GetGeneration() > s.Status.ObservedGeneration || s.Status.CurrentRevision != s.Status.UpdateRevision
	w.Created = u.GetCreationTimestamp().Time
	w.Adopted = adopted(u, s.Spec.Template.Metadata.Labels)
	// kstatus: the newest generation was seen, and all replicas are of the newest revision and ready.
	if r, err := status.Compute(u); err == nil {
		w.Current = r.Status == status.CurrentStatus
	}
	return w, nil
}

// adopted returns what is known of a StatefulSet that was taken over from KAITO; nil for any other.
func adopted(u *unstructured.Unstructured, labels map[string]string) *cluster.Adopted {
	notes := u.GetAnnotations()
	if notes[wellknown.AnnotationOwners] == "" {
		return nil
	}
	out := &cluster.Adopted{For: notes[wellknown.AnnotationTemplate]}
	if labels[cluster.LabelManagedBy] != cluster.ManagedBy {
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
	w := runs(u, &j.Spec.Template.Spec)
	w.Current = true
	w.Active = int64(j.Status.Active)
	w.Failed = has(batchv1.JobFailed, batchv1.JobFailureTarget) || j.Status.Failed > limit
	w.Complete = has(batchv1.JobComplete, batchv1.JobSuccessCriteriaMet)
	return w, nil
}

// runs returns a workload with what its pods ask for.
func runs(u *unstructured.Unstructured, pod *Needs) cluster.Workload {
	w := cluster.Workload{
		Ref:    cluster.RefOf(u),
		Inputs: mirror.Once(u.GetAnnotations()[cluster.AnnotationInputs]),
		Pool:   pod.Affinity.pool(),
		GPUs:   pod.GPUs(),
	}
	w.Ref.Namespace, w.Ref.Name = mirror.Once(w.Ref.Namespace), mirror.Once(w.Ref.Name)
	return w
}

// pool returns the agent pool that a pod requires, or "".
func (a *affinity) pool() string {
	for _, term := range a.NodeAffinity.Required.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == wellknown.LabelAgentPool && len(e.Values) == 1 {
				return e.Values[0]
			}
		}
	}
	return ""
}

// maxGPUs is more than any node has, and so little that the sum over all pods of a node is no overflow. It is ours.
const maxGPUs = 1 << 20

// GPUs adds up the whole GPUs that the containers of a pod request. For GPUs, the request equals the limit.
func (n *Needs) GPUs() int64 {
	var sum int64
	for i := range n.Containers {
		sum += min(n.Containers[i].Resources.Limits.GPUs.Value(), maxGPUs)
	}
	return sum
}

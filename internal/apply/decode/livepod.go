// SPDX-License-Identifier: Apache-2.0

package decode

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// livePod is what Pod reads.
type livePod struct {
	Metadata struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		Labels            map[string]string `json:"labels"`
		CreationTimestamp metav1.Time       `json:"creationTimestamp"`
		DeletionTimestamp *metav1.Time      `json:"deletionTimestamp"`
		Finalizers        []string          `json:"finalizers"`
	} `json:"metadata"`
	Spec struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Phase                 corev1.PodPhase   `json:"phase"`
		Reason                string            `json:"reason"`
		Message               string            `json:"message"`
		Conditions            []liveCondition   `json:"conditions"`
		InitContainerStatuses []containerStatus `json:"initContainerStatuses"`
		ContainerStatuses     []containerStatus `json:"containerStatuses"`
	} `json:"status"`
}

type (
	liveCondition struct {
		Type               corev1.PodConditionType `json:"type"`
		Status             corev1.ConditionStatus  `json:"status"`
		Message            string                  `json:"message"`
		LastTransitionTime metav1.Time             `json:"lastTransitionTime"`
	}
	containerStatus struct {
		Name         string                `json:"name"`
		Ready        bool                  `json:"ready"`
		RestartCount int32                 `json:"restartCount"`
		State        corev1.ContainerState `json:"state"`
		LastState    corev1.ContainerState `json:"lastState"`
	}
)

// LivePod converts a pod, of which it has what Pod looks at, and namespace and labels. A pod as a whole, most fields of
// which are not there, takes much longer.
func LivePod(u *unstructured.Unstructured) (*corev1.Pod, error) {
	p, err := Typed[livePod](u)
	if err != nil {
		return nil, err
	}
	out := &corev1.Pod{}
	out.ObjectMeta = metav1.ObjectMeta{
		Name: p.Metadata.Name, Namespace: p.Metadata.Namespace, Labels: p.Metadata.Labels,
		CreationTimestamp: p.Metadata.CreationTimestamp, DeletionTimestamp: p.Metadata.DeletionTimestamp,
		Finalizers: p.Metadata.Finalizers,
	}
	out.Spec.NodeName = p.Spec.NodeName
	s := &out.Status
	s.Phase, s.Reason, s.Message = p.Status.Phase, p.Status.Reason, p.Status.Message
	for _, c := range p.Status.Conditions {
		s.Conditions = append(s.Conditions, corev1.PodCondition{
			Type: c.Type, Status: c.Status, Message: c.Message, LastTransitionTime: c.LastTransitionTime,
		})
	}
	s.InitContainerStatuses = statusesOf(p.Status.InitContainerStatuses)
	s.ContainerStatuses = statusesOf(p.Status.ContainerStatuses)
	return out, nil
}

func statusesOf(all []containerStatus) []corev1.ContainerStatus {
	if len(all) == 0 {
		return nil
	}
	out := make([]corev1.ContainerStatus, len(all))
	for i, c := range all {
		out[i] = corev1.ContainerStatus{
			Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount, State: c.State, LastTerminationState: c.LastState,
		}
	}
	return out
}

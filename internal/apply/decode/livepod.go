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

// LivePod converts a pod, of which it sets what Pod looks at, and the namespace. A pod as a whole, most fields of which
// are not there, takes much longer.
func LivePod(u *unstructured.Unstructured, pod *corev1.Pod) error {
	var f Fields
	if f.pod(u, pod); !f.Odd {
		return nil
	}
	typed, err := typedPod(u)
	if err == nil {
		*pod = *typed
	}
	return err
}

func typedPod(u *unstructured.Unstructured) (*corev1.Pod, error) {
	p, err := Typed[livePod](u)
	if err != nil {
		return nil, err
	}
	out := &corev1.Pod{}
	out.ObjectMeta = metav1.ObjectMeta{
		Name: p.Metadata.Name, Namespace: p.Metadata.Namespace,
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

// pod is typedPod without a conversion.
func (f *Fields) pod(u *unstructured.Unstructured, out *corev1.Pod) {
	meta, status := f.Object(u.Object, "metadata"), f.Object(u.Object, "status")
	out.Name, out.Namespace = f.Text(meta, "name"), f.Text(meta, "namespace")
	f.onlyTexts(f.Object(meta, "labels"))
	out.CreationTimestamp, _ = f.at(meta, "creationTimestamp")
	if at, given := f.at(meta, "deletionTimestamp"); given {
		out.DeletionTimestamp = &at
	}
	out.Finalizers = f.texts(meta, "finalizers")
	out.Spec.NodeName = f.Text(f.Object(u.Object, "spec"), "nodeName")
	s := &out.Status
	s.Phase = corev1.PodPhase(f.Text(status, "phase"))
	s.Reason, s.Message = f.Text(status, "reason"), f.Text(status, "message")
	f.Objects(status, "conditions", func(c map[string]any) {
		at, _ := f.at(c, "lastTransitionTime")
		s.Conditions = append(s.Conditions, corev1.PodCondition{
			Type: corev1.PodConditionType(f.Text(c, "type")), Status: corev1.ConditionStatus(f.Text(c, "status")),
			Message: f.Text(c, "message"), LastTransitionTime: at,
		})
	})
	s.InitContainerStatuses = f.statuses(status, "initContainerStatuses")
	s.ContainerStatuses = f.statuses(status, "containerStatuses")
}

func (f *Fields) statuses(in map[string]any, name string) (out []corev1.ContainerStatus) {
	f.Objects(in, name, func(c map[string]any) {
		is := corev1.ContainerStatus{
			Name: f.Text(c, "name"), State: f.state(c, "state"), LastTerminationState: f.state(c, "lastState"),
		}
		is.Ready, _ = f.Flag(c, "ready")
		is.RestartCount, _ = f.small(c, "restartCount")
		out = append(out, is)
	})
	return out
}

func (f *Fields) state(in map[string]any, name string) (s corev1.ContainerState) {
	is := f.Object(in, name)
	if waiting := f.Object(is, "waiting"); waiting != nil {
		s.Waiting = &corev1.ContainerStateWaiting{Reason: f.Text(waiting, "reason"), Message: f.Text(waiting, "message")}
	}
	if running := f.Object(is, "running"); running != nil {
		s.Running = &corev1.ContainerStateRunning{}
		s.Running.StartedAt, _ = f.at(running, "startedAt")
	}
	if ended := f.Object(is, "terminated"); ended != nil {
		s.Terminated = &corev1.ContainerStateTerminated{
			Reason: f.Text(ended, "reason"), Message: f.Text(ended, "message"), ContainerID: f.Text(ended, "containerID"),
		}
		s.Terminated.ExitCode, _ = f.small(ended, "exitCode")
		s.Terminated.Signal, _ = f.small(ended, "signal")
		s.Terminated.StartedAt, _ = f.at(ended, "startedAt")
		s.Terminated.FinishedAt, _ = f.at(ended, "finishedAt")
	}
	return s
}

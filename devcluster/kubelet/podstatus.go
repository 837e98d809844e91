// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// running is the status of a pod whose containers have all started.
func running(pod *corev1.Pod, now time.Time) *corev1.PodStatus {
	t := metav1.NewTime(now)
	s := base(pod, corev1.PodRunning, t)
	for _, c := range pod.Spec.InitContainers {
		state := corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: t, FinishedAt: t},
		}
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			state = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: t}}
		}
		s.InitContainerStatuses = append(s.InitContainerStatuses, container(c, state, true))
	}
	for _, c := range pod.Spec.Containers {
		s.ContainerStatuses = append(
			s.ContainerStatuses,
			container(c, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: t}}, true),
		)
	}
	conditions(s, t, corev1.ConditionTrue, corev1.ConditionTrue)
	return s
}

// ended is the status of a pod whose containers have all ended.
func ended(pod *corev1.Pod, failed bool, started, now time.Time) *corev1.PodStatus {
	t := metav1.NewTime(now)
	phase, reason, code := corev1.PodSucceeded, "Completed", int32(0)
	if failed {
		phase, reason, code = corev1.PodFailed, "Error", int32(1)
	}
	s := base(pod, phase, t)
	s.StartTime = pod.Status.StartTime
	s.InitContainerStatuses = pod.Status.InitContainerStatuses
	for _, c := range pod.Spec.Containers {
		s.ContainerStatuses = append(
			s.ContainerStatuses,
			container(c, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: code, Reason: reason, StartedAt: metav1.NewTime(started), FinishedAt: t,
			}}, false),
		)
	}
	conditions(s, t, corev1.ConditionTrue, corev1.ConditionFalse)
	return s
}

// broken is the status of a pod whose first container does not get ready.
func broken(pod *corev1.Pod, f failure, now time.Time) *corev1.PodStatus {
	t := metav1.NewTime(now)
	phase := corev1.PodRunning
	if f == imagePullBackOff {
		phase = corev1.PodPending
	}
	s := base(pod, phase, t)
	for i, c := range pod.Spec.Containers {
		state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: t}}
		status := container(c, state, i > 0)
		if i == 0 {
			switch f {
			case imagePullBackOff:
				status.State = waiting("ImagePullBackOff", "Back-off pulling image \""+c.Image+"\"")
			case crashLoopBackOff:
				status.State, status.RestartCount = waiting("CrashLoopBackOff", "back-off restarting failed container"), 3
				status.LastTerminationState = terminated("Error", 1, t)
			case oomKilled:
				status.State, status.RestartCount = waiting("CrashLoopBackOff", "back-off restarting failed container"), 3
				status.LastTerminationState = terminated("OOMKilled", 137, t)
			}
		}
		s.ContainerStatuses = append(s.ContainerStatuses, status)
	}
	conditions(s, t, corev1.ConditionTrue, corev1.ConditionFalse)
	return s
}

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func terminated(reason string, code int32, t metav1.Time) corev1.ContainerState {
	return corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code, StartedAt: t, FinishedAt: t},
	}
}

func base(pod *corev1.Pod, phase corev1.PodPhase, t metav1.Time) *corev1.PodStatus {
	return &corev1.PodStatus{
		Phase: phase, StartTime: &t, QOSClass: pod.Status.QOSClass, ObservedGeneration: pod.Generation,
		Conditions: keepScheduled(pod),
	}
}

func keepScheduled(pod *corev1.Pod) []corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled {
			return []corev1.PodCondition{c}
		}
	}
	return nil
}

func container(c corev1.Container, state corev1.ContainerState, ready bool) corev1.ContainerStatus {
	started := state.Running != nil
	return corev1.ContainerStatus{
		Name: c.Name, Image: c.Image, ImageID: "fake://" + c.Image, ContainerID: "fake://" + c.Name,
		State: state, Ready: ready, Started: &started,
	}
}

func conditions(s *corev1.PodStatus, t metav1.Time, initialized, ready corev1.ConditionStatus) {
	for _, c := range []struct {
		t corev1.PodConditionType
		s corev1.ConditionStatus
	}{{corev1.PodInitialized, initialized}, {corev1.ContainersReady, ready}, {corev1.PodReady, ready}} {
		s.Conditions = append(s.Conditions, corev1.PodCondition{Type: c.t, Status: c.s, LastTransitionTime: t})
	}
}

// sameWaiting reports whether a broken pod already shows what is wrong with it.
func sameWaiting(have, want *corev1.PodStatus) bool {
	if have.Phase != want.Phase || len(have.ContainerStatuses) != len(want.ContainerStatuses) ||
		len(have.ContainerStatuses) == 0 {
		return false
	}
	h, w := have.ContainerStatuses[0], want.ContainerStatuses[0]
	reason := func(c corev1.ContainerStatus) string {
		if c.State.Waiting != nil {
			return c.State.Waiting.Reason
		}
		return ""
	}
	return reason(h) == reason(w) && h.Ready == w.Ready
}

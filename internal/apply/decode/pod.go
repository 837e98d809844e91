// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

// Pod reads a pod, and what is wrong with it in the words of KAITO's condition reasons.
func Pod(pod *corev1.Pod) cluster.Pod {
	p := cluster.Pod{
		Name:       pod.Name,
		Node:       mirror.Once(pod.Spec.NodeName),
		Phase:      mirror.Once(string(pod.Status.Phase)),
		Deleting:   pod.DeletionTimestamp != nil,
		Finalizers: mirror.ForeignFinalizers(pod.Finalizers),
		Pushed:     pushedBy(pod),
	}
	for _, c := range pod.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue:
			p.Ready, p.Start = true, startOf(pod, c.LastTransitionTime.Time)
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			p.Reason, p.Message = "Unschedulable", c.Message
		}
	}
	if pod.Status.Reason == "Evicted" {
		p.Reason, p.Message = "PodEvicted", pod.Status.Message
		return p
	}
	for _, containers := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range containers {
			if f := failureOf(&containers[i]); f.reason != "" {
				p.Reason, p.Message, p.FailedAt = f.reason, "container "+containers[i].Name+f.message, f.ended.FinishedAt.Time
				return p
			}
		}
	}
	return p
}

// startOf returns how long a pod took until it was ready. It is unknown of a pod one of whose containers has started
// more than once: that was no start from nothing.
func startOf(pod *corev1.Pod, ready time.Time) cluster.Start {
	created, running := pod.CreationTimestamp.Time, time.Time{}
	for i := range pod.Status.ContainerStatuses {
		c := &pod.Status.ContainerStatuses[i]
		if c.RestartCount > 0 || c.State.Running == nil {
			return cluster.Start{}
		}
		if at := c.State.Running.StartedAt.Time; at.After(running) {
			running = at
		}
	}
	if created.IsZero() || running.Before(created) || ready.Before(running) {
		return cluster.Start{}
	}
	return cluster.Start{AtLeast: running.Sub(created), AtMost: ready.Sub(created)}
}

// failure is what is wrong with one container. message follows the name of the container.
type failure struct {
	reason, message string
	ended           corev1.ContainerStateTerminated // the last attempt that failed; zero when none has ended
}

// failureOf classifies what is wrong with one container; the reason is empty when nothing is. A container that has
// recovered is fine. One that runs again after a failure, and is not ready yet, is not: what ended it may end it again.
func failureOf(c *corev1.ContainerStatus) failure {
	var waiting corev1.ContainerStateWaiting
	var ended corev1.ContainerStateTerminated
	if c.LastTerminationState.Terminated != nil && !c.Ready {
		ended = *c.LastTerminationState.Terminated
	}
	if c.State.Terminated != nil {
		ended = *c.State.Terminated
	}
	if c.State.Waiting != nil {
		waiting = *c.State.Waiting
	}
	switch {
	case ended.Reason == "OOMKilled":
		return failure{"ContainerOOMKilled", " ran out of memory" + lastWords(ended.Message), ended}
	case strings.HasPrefix(waiting.Reason, "ErrImage"),
		strings.HasPrefix(waiting.Reason, "ImagePull"),
		waiting.Reason == "InvalidImageName",
		waiting.Reason == "ImageInspectError":
		return failure{"ImagePullError", ": " + waiting.Message, ended}
	case waiting.Reason == "CreateContainerConfigError",
		waiting.Reason == "CreateContainerError",
		waiting.Reason == "RunContainerError":
		return failure{"ContainerStartError", ": " + waiting.Message, ended}
	case ended.Reason == "StartError", ended.Reason == "ContainerCannotRun":
		return failure{"ContainerStartError", ": " + ended.Message, ended}
	case ended.ExitCode != 0 && c.State.Terminated == nil:
		return failure{"ContainerCrashLoopBackOff", ending(ended) + "; it is started again", ended}
	case ended.ExitCode != 0:
		return failure{"ContainerFailed", ending(ended), ended}
	case waiting.Reason == "CrashLoopBackOff":
		// The message counts the seconds until the next attempt: it would change the status with each one.
		return failure{"ContainerCrashLoopBackOff", " ends again and again" + lastWords(ended.Message), ended}
	}
	return failure{}
}

// ending says how a container ended: by which exit code or signal, and with which last words.
func ending(t corev1.ContainerStateTerminated) string {
	if t.Signal != 0 {
		return fmt.Sprintf(" was ended by signal %d", t.Signal) + lastWords(t.Message)
	}
	return fmt.Sprintf(" ended with exit code %d", t.ExitCode) + lastWords(t.Message)
}

// The last words of a container are the last lines that it logged or wrote to its termination message. The last line of
// a Python traceback is the error itself.
const (
	lastLines    = 3
	maxLastWords = 400 // bytes
)

// lastWords returns the end of a termination message, for a sentence to end with; "" when there is none.
func lastWords(message string) string {
	var lines []string
	for line := range strings.Lines(message) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines[max(0, len(lines)-lastLines):], " | ")
	if len(text) > maxLastWords {
		text = "..." + strings.ToValidUTF8(text[len(text)-maxLastWords:], "")
	}
	if text == "" {
		return ""
	}
	return ": " + text
}

// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func bound(policy corev1.RestartPolicy, at time.Time, annotations map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Annotations: annotations},
		Spec: corev1.PodSpec{
			NodeName: "n", RestartPolicy: policy,
			InitContainers: []corev1.Container{{Name: "init", Image: "example.com/init:1"}},
			Containers:     []corev1.Container{{Name: "main", Image: "example.com/team/main:1"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(at),
		}}},
	}
}

func TestStep(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	options := Options{PodDelay: time.Second, JobDuration: 3 * time.Second}
	if err := options.FailImages.Set("main:1=CrashLoopBackOff"); err != nil {
		t.Fatal(err)
	}
	none := Options{PodDelay: time.Second, JobDuration: 3 * time.Second}

	pod := bound(corev1.RestartPolicyAlways, now, nil)
	if next, again := step(pod, none, now); next != nil || again != time.Second {
		t.Fatalf("a pod that was just bound: %v, %v; want to wait for a second", next, again)
	}
	next, again := step(pod, none, now.Add(time.Second))
	if next == nil || next.Phase != corev1.PodRunning || again != 0 {
		t.Fatalf("after its delay: %v, %v; want Running", next, again)
	}
	pod.Status = *next
	if next, again := step(pod, none, now.Add(time.Hour)); next != nil || again != 0 {
		t.Fatalf("a pod that runs for ever changed: %v, %v", next, again)
	}

	job := bound(corev1.RestartPolicyNever, now, nil)
	next, again = step(job, none, now.Add(time.Second))
	if next == nil || again != 3*time.Second {
		t.Fatalf("a pod that ends: %v, %v; want to look again when it does", next, again)
	}
	job.Status = *next
	next, _ = step(job, none, now.Add(4*time.Second))
	if next == nil || next.Phase != corev1.PodSucceeded || next.ContainerStatuses[0].State.Terminated.ExitCode != 0 {
		t.Fatalf("after its time: %v; want Succeeded", next)
	}

	failing := bound(corev1.RestartPolicyNever, now, map[string]string{annotationFail: "exit-1", annotationDuration: "1s"})
	next, _ = step(failing, none, now.Add(time.Second))
	failing.Status = *next
	if next, _ = step(failing, none, now.Add(2*time.Second)); next == nil || next.Phase != corev1.PodFailed {
		t.Fatalf("a pod that exits with 1: %v; want Failed", next)
	}

	crashing := bound(corev1.RestartPolicyAlways, now, nil)
	next, _ = step(crashing, options, now.Add(time.Second))
	if next == nil || next.ContainerStatuses[0].State.Waiting.Reason != "CrashLoopBackOff" {
		t.Fatalf("an image that is to crash: %v", next)
	}
	crashing.Status = *next
	if next, _ = step(crashing, options, now.Add(time.Minute)); next != nil {
		t.Fatalf("a pod that crashes was written again: %v", next)
	}
}

func TestFailImagesRefusesUnknown(t *testing.T) {
	var f failures
	for _, bad := range []string{"x", "x=unknown", "[=OOMKilled"} {
		if err := f.Set(bad); err == nil {
			t.Errorf("Set(%q) was accepted", bad)
		}
	}
}

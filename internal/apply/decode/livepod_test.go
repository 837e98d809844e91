// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// drawnPods are random ones, with each field that Pod looks at.
type drawnPods struct{ rng *rand.Rand }

func (d drawnPods) one(of ...string) string { return of[d.rng.IntN(len(of))] }

func (d drawnPods) at() metav1.Time {
	return metav1.NewTime(time.Unix(int64(1_700_000_000+d.rng.IntN(100)), 0).UTC())
}

func (d drawnPods) state() (s corev1.ContainerState) {
	switch d.rng.IntN(4) {
	case 0:
		s.Waiting = &corev1.ContainerStateWaiting{
			Reason: d.one("CrashLoopBackOff", "ErrImagePull", "CreateContainerError", ""), Message: d.one("m", ""),
		}
	case 1:
		s.Running = &corev1.ContainerStateRunning{StartedAt: d.at()}
	case 2:
		s.Terminated = &corev1.ContainerStateTerminated{
			Reason: d.one("OOMKilled", "Error", "StartError", "Completed"), ExitCode: int32(d.rng.IntN(2)), FinishedAt: d.at(),
			Message: d.one("", "last\nwords", "pushed a/b:c sha256:"+
				"0123456789012345678901234567890123456789012345678901234567890123\n"), Signal: int32(d.rng.IntN(2)),
		}
	}
	return s
}

func (d drawnPods) statuses() (out []corev1.ContainerStatus) {
	for range d.rng.IntN(3) {
		out = append(out, corev1.ContainerStatus{
			Name: d.one("a", "b"), Ready: d.rng.IntN(2) == 0, RestartCount: int32(d.rng.IntN(2)), State: d.state(),
			LastTerminationState: d.state(), Image: "i", ImageID: "id", ContainerID: "c",
		})
	}
	return out
}

func (d drawnPods) pod() *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "p", Namespace: d.one("n", ""), CreationTimestamp: d.at(), Labels: map[string]string{"a": d.one("b", "")},
	}}
	if d.rng.IntN(3) == 0 {
		at := d.at()
		p.DeletionTimestamp, p.Finalizers = &at, []string{"example.com/f"}
	}
	p.Spec.NodeName, p.Spec.Hostname = d.one("", "node"), "h"
	p.Status = corev1.PodStatus{
		Phase: corev1.PodPhase(d.one("Running", "Succeeded", "Pending")), Reason: d.one("", "", "Evicted"),
		Message: d.one("", "m"), InitContainerStatuses: d.statuses(), ContainerStatuses: d.statuses(), PodIP: "10.0.0.1",
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodReady, corev1.PodScheduled} {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
			Type: kind, Status: corev1.ConditionStatus(d.one("True", "False")), Message: d.one("", "m"),
			LastTransitionTime: d.at(), Reason: "r",
		})
	}
	return p
}

// TestLivePodAsAWhole: what is read of random pods is what is read of them as a whole.
func TestLivePodAsAWhole(t *testing.T) {
	for seed := range uint64(5_000) {
		object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(drawnPods{rand.New(rand.NewPCG(seed, 1))}.pod())
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{Object: object}
		whole, err1 := Typed[corev1.Pod](u)
		live := &corev1.Pod{}
		err2 := LivePod(u, live)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if d := cmp.Diff(Pod(whole), Pod(live)); d != "" {
			t.Fatalf("seed %d (-whole +what is looked at):\n%s", seed, d)
		}
		if whole.Namespace != live.Namespace {
			t.Fatalf("seed %d: %s", seed, live.Namespace)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
)

// syncPod takes a pod one step on, and says when to look at it again.
func (k *Kubelet) syncPod(ctx context.Context, key string) (time.Duration, error) {
	o, exists, err := k.pods.GetByKey(key)
	if err != nil {
		return 0, err
	}
	if !exists {
		if ns, name, err := cache.SplitMetaNamespaceKey(key); err == nil {
			k.runner.Stop(types.NamespacedName{Namespace: ns, Name: name}, 0)
		}
		return 0, nil
	}
	pod := o.(*corev1.Pod)
	if pod.Spec.NodeName == "" {
		return 0, nil
	}
	node, err := k.nodes.Get(pod.Spec.NodeName)
	if apierrors.IsNotFound(err) {
		return 0, nil // the node's own event ends its pods
	}
	if err != nil || !k.plays(node) {
		return 0, err
	}
	if pod.DeletionTimestamp != nil {
		return 0, k.remove(ctx, pod)
	}
	next, again := step(pod, k.options, time.Now())
	if k.runner.Runs(pod) {
		if next, err = k.process(ctx, pod); err != nil {
			return 0, err
		}
		again = probeInterval
	}
	if next == nil {
		return again, nil
	}
	next.PodIP = podIP(key)
	next.PodIPs = []corev1.PodIP{{IP: next.PodIP}}
	next.HostIP = "127.0.0.1"
	pod = pod.DeepCopy()
	pod.Status = *next
	_, err = k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return 100 * time.Millisecond, nil // the informer will show what it is now
	}
	return again, err
}

// probeInterval is the time between looks at the process of a pod.
const probeInterval = 500 * time.Millisecond

// process takes the process of a pod one step on, and returns the next status of the pod, or nil to leave it.
func (k *Kubelet) process(ctx context.Context, pod *corev1.Pod) (*corev1.PodStatus, error) {
	now, err := k.runner.Sync(ctx, pod)
	if err != nil {
		return nil, err
	}
	if s := pod.Status.ContainerStatuses; len(s) == 1 && s[0].Ready == now.Ready && s[0].RestartCount == now.Restarts {
		return nil, nil
	}
	next := running(pod, now.Started)
	c := &next.ContainerStatuses[0]
	c.Ready, c.RestartCount = now.Ready, now.Restarts
	if now.Restarts > 0 {
		c.LastTerminationState = terminated("Error", now.Exit, metav1.NewTime(now.Started))
	}
	if !now.Ready {
		next.Conditions = keepScheduled(pod)
		conditions(next, metav1.NewTime(now.Started), corev1.ConditionTrue, corev1.ConditionFalse)
	}
	return next, nil
}

// remove deletes a pod for good, if it is still the same. A process has its grace period to end.
func (k *Kubelet) remove(ctx context.Context, pod *corev1.Pod) error {
	grace := time.Duration(0)
	if s := pod.DeletionGracePeriodSeconds; s != nil {
		grace = time.Duration(*s) * time.Second
	}
	k.runner.Stop(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, grace)
	now := int64(0)
	err := k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID},
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// podIP makes up an address in 10.64.0.0/10. Endpoints may not hold loopback addresses.
func podIP(key string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	v := h.Sum32()
	return fmt.Sprintf("10.%d.%d.%d", 64+v>>24%64, byte(v>>16), 1+byte(v>>8)%254)
}

// step decides the next status of a pod, or nil to leave it, and when to look again. It is pure.
func step(pod *corev1.Pod, o Options, now time.Time) (*corev1.PodStatus, time.Duration) {
	switch pod.Status.Phase {
	case corev1.PodSucceeded, corev1.PodFailed:
		return nil, 0
	}
	bound := scheduledAt(pod, now)
	delay := durationOf(pod, annotationDelay, o.PodDelay)
	if wait := bound.Add(delay).Sub(now); wait > 0 {
		return nil, wait
	}
	failure := failureOf(pod, o.FailImages)
	if failure == imagePullBackOff || failure == crashLoopBackOff || failure == oomKilled || failure == neverReady {
		next := broken(pod, failure, now)
		if sameWaiting(&pod.Status, next) {
			return nil, 0
		}
		return next, 0
	}
	ends := pod.Spec.RestartPolicy != corev1.RestartPolicyAlways
	started := startedAt(pod)
	if started.IsZero() {
		after := time.Duration(0)
		if ends {
			after = durationOf(pod, annotationDuration, o.JobDuration)
		}
		return running(pod, now), after
	}
	if !ends {
		return nil, 0
	}
	if wait := started.Add(durationOf(pod, annotationDuration, o.JobDuration)).Sub(now); wait > 0 {
		return nil, wait
	}
	return ended(pod, failure == exit1, started, now), 0
}

func scheduledAt(pod *corev1.Pod, now time.Time) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return now.Add(-time.Hour) // bound by hand: do not wait
}

func startedAt(pod *corev1.Pod) time.Time {
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running != nil {
			return s.State.Running.StartedAt.Time
		}
	}
	return time.Time{}
}

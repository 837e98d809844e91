// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u.Object
}

func TestContainerFailure(t *testing.T) {
	for _, tt := range []struct{ name, status, reason, message string }{
		{"fine", "ready: true, state: {running: {}}", "", ""},
		{"starting", "state: {waiting: {reason: ContainerCreating}}", "", ""},
		{"ended well", "state: {terminated: {reason: Completed}}", "", ""},
		{"ended badly, which the Job reports", "state: {terminated: {reason: Error}}", "", ""},
		{
			"pull failed",
			"state: {waiting: {reason: ErrImagePull, message: no such image}}",
			"ImagePullError",
			"no such image",
		},
		{"pull waits", "state: {waiting: {reason: ImagePullBackOff, message: back-off}}", "ImagePullError", "back-off"},
		{"bad name", "state: {waiting: {reason: InvalidImageName}}", "ImagePullError", "container c"},
		{"never pulled", "state: {waiting: {reason: ErrImageNeverPull}}", "ImagePullError", "container c"},
		{"cannot inspect", "state: {waiting: {reason: ImageInspectError}}", "ImagePullError", "container c"},
		{
			"crashes",
			"state: {waiting: {reason: CrashLoopBackOff, message: back-off}}, lastState: {terminated: {reason: Error}}",
			"ContainerCrashLoopBackOff",
			"container c ends again",
		},
		{"just out of memory", "state: {terminated: {reason: OOMKilled}}", "ContainerOOMKilled", "container c"},
		{
			"out of memory again and again",
			"state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {reason: OOMKilled}}",
			"ContainerOOMKilled",
			"container c",
		},
		{
			"out of memory, loads again",
			"ready: false, state: {running: {}}, lastState: {terminated: {reason: OOMKilled}}",
			"ContainerOOMKilled",
			"container c",
		},
		{
			"out of memory once, long over",
			"ready: true, state: {running: {}}, lastState: {terminated: {reason: OOMKilled}}",
			"",
			"",
		},
		{
			"config",
			"state: {waiting: {reason: CreateContainerConfigError, message: secret x not found}}",
			"ContainerStartError",
			"secret x not found",
		},
		{"create", "state: {waiting: {reason: CreateContainerError, message: m}}", "ContainerStartError", "m"},
		{"run", "state: {waiting: {reason: RunContainerError, message: m}}", "ContainerStartError", "m"},
		{
			"start",
			"state: {terminated: {reason: StartError, message: exec not found}}",
			"ContainerStartError",
			"exec not found",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c corev1.ContainerStatus
			if err := yaml.UnmarshalStrict([]byte("{name: c, "+tt.status+"}"), &c); err != nil {
				t.Fatal(err)
			}
			pod := Pod(&corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{c}}})
			reason, message := pod.Reason, pod.Message
			if reason != tt.reason || !strings.Contains(message, tt.message) || reason == "" && message != "" {
				t.Errorf("%q, %q; want %q, %q", reason, message, tt.reason, tt.message)
			}
		})
	}
}

func TestPodOf(t *testing.T) {
	for _, tt := range []struct{ name, status, reason, message string }{
		{"evicted", "{phase: Failed, reason: Evicted, message: low on disk}", "PodEvicted", "low on disk"},
		{
			"unschedulable",
			`
phase: Pending
conditions: [{type: PodScheduled, status: 'False', message: no GPU}]`,
			"Unschedulable",
			"no GPU",
		},
		{
			"scheduled",
			`
phase: Pending
conditions: [{type: PodScheduled, status: 'True'}]`,
			"",
			"",
		},
		{
			"init container",
			`
phase: Pending
initContainerStatuses: [{name: i, state: {waiting: {reason: ErrImagePull}}}]
containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]`,
			"ImagePullError",
			"container i",
		},
		{
			"second container",
			`
phase: Running
containerStatuses:
- {name: a, ready: true}
- {name: b, state: {waiting: {reason: CrashLoopBackOff}}}`,
			"ContainerCrashLoopBackOff",
			"container b",
		},
		{"no status", "{}", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pod, err := Typed[corev1.Pod](&unstructured.Unstructured{Object: parse(t, `apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {nodeName: node-1}
status: `+strings.ReplaceAll(tt.status, "\n", "\n  "))})
			if err != nil {
				t.Fatal(err)
			}
			p := Pod(pod)
			if p.Reason != tt.reason || !strings.Contains(p.Message, tt.message) || p.Name != "p" || p.Node != "node-1" ||
				p.Ready {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestWorkloadOf(t *testing.T) {
	const set = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: w, generation: 2, annotations: {syncer.dev/inputs: d}}
`
	const job = `
apiVersion: batch/v1
kind: Job
metadata: {name: w, generation: 1, annotations: {syncer.dev/inputs: d}}
`
	const twice = job + "spec: {backoffLimit: 2}\n" // may fail twice
	condition := func(kind, status string) string {
		return twice + fmt.Sprintf("status: {conditions: [{type: %s, status: '%s'}]}", kind, status)
	}
	for _, tt := range []struct {
		name, text string
		want       cluster.Workload
	}{
		{"default replicas", set + "spec: {}", cluster.Workload{Replicas: 1, Updating: true}},
		{
			"no replicas",
			set + `
spec: {replicas: 0}
status: {observedGeneration: 2, replicas: 0}`,
			cluster.Workload{Replicas: 0, Current: true},
		},
		{
			"ready",
			set + `
spec: {replicas: 2}
status:
  observedGeneration: 2
  replicas: 2
  readyReplicas: 2
  updatedReplicas: 2
  currentReplicas: 2
  currentRevision: a
  updateRevision: a`,
			cluster.Workload{Replicas: 2, Ready: 2, Current: true},
		},
		{
			"of an older generation",
			set + `
spec: {replicas: 2}
status:
  observedGeneration: 1
  replicas: 2
  readyReplicas: 2
  updatedReplicas: 2
  currentReplicas: 2
  currentRevision: a
  updateRevision: a`,
			cluster.Workload{Replicas: 2, Ready: 2, Updating: true},
		},
		{
			"rolling",
			set + `
spec: {replicas: 2}
status:
  observedGeneration: 2
  replicas: 2
  readyReplicas: 2
  updatedReplicas: 1
  currentReplicas: 1
  currentRevision: a
  updateRevision: b`,
			cluster.Workload{Replicas: 2, Ready: 2, Updating: true},
		},
		{"new job", job + "spec: {backoffLimit: 0}", cluster.Workload{Current: true}},
		{"runs", twice + "status: {active: 1, failed: 2}", cluster.Workload{Current: true, Active: 1}},
		{"failed once too often", twice + "status: {failed: 3}", cluster.Workload{Current: true, Failed: true}},
		{"failed", condition("Failed", "True"), cluster.Workload{Current: true, Failed: true}},
		{"about to fail", condition("FailureTarget", "True"), cluster.Workload{Current: true, Failed: true}},
		{"complete", condition("Complete", "True"), cluster.Workload{Current: true, Complete: true}},
		{"about to complete", condition("SuccessCriteriaMet", "True"), cluster.Workload{Current: true, Complete: true}},
		{"condition that is false", condition("Failed", "False"), cluster.Workload{Current: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := &unstructured.Unstructured{Object: parse(t, tt.text)}
			tt.want.Ref, tt.want.Inputs = cluster.RefOf(u), "d"
			got, err := Workload(u)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhereAWorkloadRuns(t *testing.T) {
	const set = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  template:
    spec:
      containers: [{name: a, resources: {limits: {nvidia.com/gpu: '2'}}}]
`
	const required = set + `
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
`
	for _, tt := range []struct{ name, text, want string }{
		{"no affinity", set, ""},
		{"another label", required + `
              - {key: app, operator: In, values: [x]}`, ""},
		{"one pool", required + `
              - {key: app, operator: In, values: [x]}
              - {key: kubernetes.azure.com/agentpool, operator: In, values: [wa]}`, "wa"},
		{"two pools", required + `
              - {key: kubernetes.azure.com/agentpool, operator: In, values: [wa, wb]}`, ""},
	} {
		w, err := Workload(&unstructured.Unstructured{Object: parse(t, tt.text)})
		if err != nil || w.Pool != tt.want || w.GPUs != 2 {
			t.Errorf("%s: pool %q, %d GPUs, %v", tt.name, w.Pool, w.GPUs, err)
		}
	}
}

// TestHugeRequests: however many GPUs containers ask for, the sum is one that a node can be short of.
func TestHugeRequests(t *testing.T) {
	const text = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  template:
    spec:
      containers:
      - {name: a, resources: {limits: {nvidia.com/gpu: '9223372036854775807'}}}
      - {name: b, resources: {limits: {nvidia.com/gpu: '9223372036854775807'}}}
      - {name: c, resources: {limits: {nvidia.com/gpu: '1e30'}}}
`
	u := &unstructured.Unstructured{Object: parse(t, text)}
	w, err := Workload(u)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Typed[statefulSet](u)
	if err != nil {
		t.Fatal(err)
	}
	pods := int64(0)
	for range 10_000 { // on one node
		pods += s.Spec.Template.Spec.gpus()
	}
	if w.GPUs < 1000 || pods < 1000*10_000 {
		t.Errorf("a workload of %d GPUs, and pods of %d", w.GPUs, pods)
	}
}

// TestTypedRefusesOtherTypes: an object that cannot be read is an error, and not one without the field.
func TestTypedRefusesOtherTypes(t *testing.T) {
	u := &unstructured.Unstructured{Object: parse(t, `
apiVersion: batch/v1
kind: Job
metadata: {name: w, namespace: a}
status: {failed: many}
`)}
	if _, err := Workload(u); err == nil || !strings.Contains(err.Error(), "read Job a/w: ") {
		t.Errorf("error %v", err)
	}
}

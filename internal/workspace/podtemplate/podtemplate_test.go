// SPDX-License-Identifier: Apache-2.0

package podtemplate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/workspace/podtemplate"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRequests: the amounts are those of the scheduler (component-helpers' PodRequests).
func TestRequests(t *testing.T) {
	for _, tt := range []struct {
		name, template string
		want           map[string]string // amount at field
	}{
		{
			"a limit is a request", "spec: {containers: [{resources: {limits: {nvidia.com/gpu: 4, cpu: 0.5}}}]}",
			map[string]string{
				"nvidia.com/gpu": "4 at spec.containers[0].resources.limits.nvidia.com/gpu",
				"cpu":            "500m at spec.containers[0].resources.limits.cpu",
			},
		},
		{
			"a request wins over a limit", `
spec:
  containers:
  - resources: {limits: {memory: 8Gi}, requests: {memory: 2Gi}}
  - resources: {requests: {memory: 3Gi}}`,
			map[string]string{"memory": "5Gi at spec.containers[1].resources.requests.memory"},
		},
		{
			"the largest init container", `
spec:
  initContainers:
  - resources: {requests: {cpu: 6}}
  - resources: {requests: {cpu: 2}}
  containers: [{resources: {requests: {cpu: 4}}}]`,
			map[string]string{"cpu": "6 at spec.initContainers[0].resources.requests.cpu"},
		},
		{
			"a sidecar runs beside what comes later", `
spec:
  initContainers:
  - resources: {requests: {cpu: 3}}
  - {restartPolicy: Always, resources: {requests: {cpu: 2}}}
  - resources: {requests: {cpu: 5}}
  containers: [{resources: {requests: {cpu: 4}}}]`,
			map[string]string{"cpu": "7 at spec.initContainers[2].resources.requests.cpu"},
		},
		{
			"the pod as a whole, and its overhead", `
spec:
  resources: {requests: {cpu: 3}}
  overhead: {cpu: 250m}
  containers: [{resources: {requests: {cpu: 4}}}]`,
			map[string]string{"cpu": "3250m at spec.resources.requests.cpu"},
		},
		{
			"shapes that are wrong",
			"spec: {containers: [1, {resources: {limits: {cpu: many, memory: -1}}}], overhead: x}",
			map[string]string{},
		},
		{"nothing", "{}", map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := map[string]string{}
			for name, ask := range podtemplate.Requests(parse(t, tt.template)) {
				got[name] = ask.Amount.String() + " at " + ask.Field
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFaults: each rule of the API server for quantities, and what keeps it.
func TestFaults(t *testing.T) {
	const own = "spec.containers[0].resources."
	for _, tt := range []struct {
		name, resources string
		want            []string // field, reason and message
	}{
		{"nothing", `{}`, nil},
		{"a limit is a request", `{limits: {nvidia.com/gpu: 2, cpu: 1500m, memory: 1.5Gi, ephemeral-storage: 0}}`, nil},
		{"an equal request", `{limits: {nvidia.com/gpu: "2"}, requests: {nvidia.com/gpu: 2000m}}`, nil},
		{"below the limit, and without one", `{limits: {cpu: 4}, requests: {cpu: 1, memory: 1Gi}}`, nil},
		{
			"negative", `{limits: {nvidia.com/gpu: -1, cpu: -4, memory: -1Gi}, requests: {cpu: -1m}}`,
			[]string{
				own + "limits.cpu OutOfRange: must be at least 0, not -4",
				own + "limits.memory OutOfRange: must be at least 0, not -1Gi",
				own + "limits.nvidia.com/gpu OutOfRange: must be at least 0, not -1",
				own + "requests.cpu OutOfRange: must be at least 0, not -1m",
			},
		},
		{
			"a part of a device", `{limits: {nvidia.com/gpu: 0.5, amd.com/gpu: 1m, nvidia.com/mig-1g.10gb: 1n}}`,
			[]string{
				own + "limits.amd.com/gpu OutOfRange: must be a whole number, not 1m",
				own + "limits.nvidia.com/gpu OutOfRange: must be a whole number, not 500m",
				own + "limits.nvidia.com/mig-1g.10gb OutOfRange: must be a whole number, not 1n",
			},
		},
		{
			"devices and pages without a limit", `{requests: {nvidia.com/gpu: 1, hugepages-2Mi: 4Mi}}`,
			[]string{
				own + "requests.hugepages-2Mi RequiredField: is a request without a limit: " +
					"Kubernetes takes one for hugepages-2Mi only with an equal limit",
				own + "requests.nvidia.com/gpu RequiredField: is a request without a limit: " +
					"Kubernetes takes one for nvidia.com/gpu only with an equal limit",
			},
		},
		{
			"devices unlike the limit", `{limits: {nvidia.com/gpu: 2}, requests: {nvidia.com/gpu: 1}}`,
			[]string{own + "requests.nvidia.com/gpu ConflictingFields: must be equal to the limit of 2, not 1"},
		},
		{
			"above the limit", `{limits: {cpu: 1, memory: 0}, requests: {cpu: 4, memory: 1}}`,
			[]string{
				own + "requests.cpu ConflictingFields: must be at most the limit of 1, not 4",
				own + "requests.memory ConflictingFields: must be at most the limit of 0, not 1",
			},
		},
		{
			"no quantity", `{limits: {cpu: many, nvidia.com/gpu: null}, requests: {nvidia.com/gpu: 1}}`,
			[]string{
				own + "limits.cpu InvalidValue: must be a quantity of Kubernetes",
				own + "limits.nvidia.com/gpu InvalidValue: must be a quantity of Kubernetes",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range podtemplate.Faults(parse(t, "spec: {containers: [{resources: "+tt.resources+"}]}")) {
				got = append(got, f.Field+" "+string(f.Reason)+": "+f.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	var fields []string
	for _, f := range podtemplate.Faults(parse(t, `
spec:
  overhead: {cpu: -1}
  resources: {requests: {cpu: 2}, limits: {cpu: 1}}
  initContainers: [{}, {resources: {limits: {cpu: -1}}}]
  containers: [1, {resources: {limits: {cpu: -1}}}]`)) {
		fields = append(fields, f.Field)
	}
	want := []string{
		"spec.initContainers[1].resources.limits.cpu", "spec.containers[1].resources.limits.cpu",
		"spec.resources.requests.cpu", "spec.overhead.cpu",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
}

func TestReferences(t *testing.T) {
	template := parse(t, `
spec:
  imagePullSecrets: [{name: registry}]
  nodeSelector: {disk: fast, wrong: 1}
  initContainers:
  - envFrom: [{secretRef: {name: all}}, {configMapRef: {name: no}}, {secretRef: {name: maybe, optional: true}}]
  containers:
  - env:
    - {name: A, value: x}
    - {name: B, valueFrom: {secretKeyRef: {name: token, key: a}}}
    - {name: C, valueFrom: {secretKeyRef: {name: maybe, key: a, optional: true}}}
  volumes:
  - {name: a, persistentVolumeClaim: {claimName: models}}
  - {name: b, secret: {secretName: cert}}
  - {name: c, projected: {sources: [{configMap: {name: no}}, {secret: {name: projected}}]}}
  - {name: d, emptyDir: {}}`)
	want := []podtemplate.Reference{
		{"Secret", "registry", "spec.imagePullSecrets[0].name"},
		{"Secret", "all", "spec.initContainers[0].envFrom[0].secretRef.name"},
		{"Secret", "token", "spec.containers[0].env[1].valueFrom.secretKeyRef.name"},
		{"PersistentVolumeClaim", "models", "spec.volumes[0].persistentVolumeClaim.claimName"},
		{"Secret", "cert", "spec.volumes[1].secret.secretName"},
		{"Secret", "projected", "spec.volumes[2].projected.sources[1].secret.name"},
	}
	if diff := cmp.Diff(want, podtemplate.References(template)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"disk": "fast"}, podtemplate.NodeSelector(template)); diff != "" {
		t.Error(diff)
	}
	if got := podtemplate.References(nil); got != nil {
		t.Error(got)
	}
}

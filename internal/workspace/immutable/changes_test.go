// SPDX-License-Identifier: Apache-2.0

package immutable_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/immutable"
	"syncer.dev/syncer/internal/workspace/load"
)

const served = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {app: phi}}
inference:
  preset: {name: phi-4-mini-instruct}
`

const tuned = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
resource:
  labelSelector: {matchLabels: {app: tune}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: lora
  input: {name: data, urls: ["https://example.com/a"]}
  output: {image: example.com/out:1, imagePushSecret: push}
`

const inferenceSet = `apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata:
  name: phi
  labels: {kaito.sh/inference-role: prefill, team: a}
  annotations: {kaito.sh/disable-benchmark: "true", syncer.dev/spot: "true", note: x}
spec:
  replicas: 3
  labelSelector:
    matchLabels: {app: phi}
  template:
    metadata:
      labels: {tier: gold}
      annotations: {kaito.sh/runtime: vllm}
    resource:
      instanceType: Standard_NC24ads_A100_v4
    inference:
      preset: {name: phi-4-mini-instruct}
`

func loadText(t *testing.T, text string) *workspace.Set {
	t.Helper()
	set, err := load.Load(fstest.MapFS{"a.yaml": {Data: []byte(text)}}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestChanges lists what KAITO forbids to change, and what it does not.
func TestChanges(t *testing.T) {
	const template = "  template: {spec: {containers: [{name: c, image: i}]}}\n"
	const servedPreset = "  preset: {name: phi-4-mini-instruct}\n"
	for name, tt := range map[string]struct{ text, from, to, want string }{
		"nothing": {served, "apiVersion: kaito.sh/v1beta1", "apiVersion: kaito.sh/v1beta1 # same", ""},
		"size": {
			text: served,
			from: "NC24ads",
			to:   "NC48ads",
			want: "a.yaml:5:3: warning: resource.instanceType: " +
				"changed from Standard_NC24ads_A100_v4 to Standard_NC48ads_A100_v4: " +
				"syncer replaces the pool if the chosen size differs (serving stops until the new pods are ready; KAITO forbids " +
				"this change)",
		},
		"size, case": {served, "Standard_NC24ads", "standard_nc24ads", ""},
		"no size": {
			text: served,
			from: "  instanceType: Standard_NC24ads_A100_v4\n",
			want: "a.yaml:4:1: warning: resource.instanceType: changed from Standard_NC24ads_A100_v4 to auto: " +
				"syncer replaces the pool",
		},
		"count": {
			text: served,
			from: "resource:\n",
			to:   "resource:\n  count: 2\n",
			want: "a.yaml:5:3: warning: resource.count: changed from 1 to 2: nothing is replaced",
		},
		"labels": {
			text: served,
			from: "{app: phi}",
			to:   "{app: other}",
			want: "a.yaml:6:3: warning: resource.labelSelector: changed: syncer replaces the pool",
		},
		"same labels": {
			text: served,
			from: "{matchLabels: {app: phi}}",
			to:   "{matchExpressions: [{key: app, operator: In, values: [phi]}]}",
		},
		"partition": {
			text: served,
			from: "resource:\n",
			to:   "resource:\n  partition: {mode: mig, profile: 1g.10gb}\n",
			want: "a.yaml:5:3: warning: resource.partition: changed: syncer replaces all pods",
		},
		"model": {
			text: served,
			from: "phi-4-mini-instruct",
			to:   "phi-4",
			want: "a.yaml:8:12: warning: inference.preset.name: changed from phi-4-mini-instruct to phi-4: " +
				"syncer replaces the StatefulSet",
		},
		"options": {
			text: served,
			from: "{name: phi-4-mini-instruct}",
			to:   "{name: phi-4-mini-instruct, presetOptions: {modelAccessSecret: s}}",
			want: "a.yaml:8:3: warning: inference.preset: its options changed: syncer replaces all pods",
		},
		"to template": {
			text: served,
			from: servedPreset,
			to:   template,
			want: "a.yaml:8:3: warning: inference.template: changed between a preset and a template",
		},
		"to tuning": {
			text: served,
			from: "inference:\n" + servedPreset,
			to:   tuned[strings.Index(tuned, "tuning:"):],
			want: "a.yaml:7:1: warning: tuning: changed from inference to tuning: " +
				"syncer replaces the StatefulSet and its Services with the tuning Job (the model is no longer served",
		},
		"to inference": {
			text: tuned,
			from: tuned[strings.Index(tuned, "tuning:"):],
			to:   "inference:\n" + servedPreset,
			want: "a.yaml:6:1: warning: inference: changed from tuning to inference: " +
				"syncer replaces the tuning Job with the StatefulSet and its Services (a running tuning stops",
		},
		"adapters": {
			text: served,
			from: servedPreset,
			to:   servedPreset + "  adapters: [{source: {name: a, image: example.com/a}}]\n",
		},
		"config": {served, servedPreset, servedPreset + "  config: c\n", ""},
		"node class": {
			text: served,
			from: "{name: phi}",
			to:   "{name: phi, annotations: {kaito.sh/node-class-name: x}}",
			want: "a.yaml:3:37: warning: metadata.annotations.kaito.sh/node-class-name: changed from nothing to x: " +
				"syncer replaces the nodes",
		},
		"tuned model": {
			text: tuned,
			from: "phi-4-mini-instruct",
			to:   "phi-4",
			want: "a.yaml:7:3: warning: tuning.preset: changed from phi-4-mini-instruct to phi-4: " +
				"syncer replaces the Job, and the pool if the model needs another (the tuning starts over; KAITO forbids this " +
				"change)",
		},
		"method": {
			text: tuned,
			from: "lora",
			to:   "qlora",
			want: "a.yaml:8:3: warning: tuning.method: changed from lora to qlora: syncer replaces the Job",
		},
		"method, case": {tuned, "lora", "LoRA", "the tuning starts over"},
		"input's name": {
			text: tuned,
			from: "name: data",
			to:   "name: other",
			want: "a.yaml:9:11: warning: tuning.input.name: changed from data to other: syncer replaces the Job",
		},
		"input": {
			text: tuned,
			from: "com/a",
			to:   "com/b",
			want: "a.yaml:6:1: warning: tuning: its inputs changed: syncer replaces the Job (the tuning starts over)",
		},
		"other name": {served, "{name: phi}", "{name: new}", ""},
		"set, size": {
			text: inferenceSet,
			from: "NC24ads",
			to:   "NC48ads",
			want: "a.yaml:16:7: warning: spec.template.resource.instanceType: changed from Standard_NC24ads_A100_v4",
		},
		"set, replicas": {inferenceSet, "replicas: 3", "replicas: 5", ""},
	} {
		after := strings.Replace(tt.text, tt.from, tt.to, 1)
		if after == tt.text {
			t.Fatalf("%s: nothing is changed", name)
		}
		got := immutable.Changes(loadText(t, tt.text), loadText(t, after))
		switch {
		case tt.want == "" && len(got) == 0:
		case tt.want == "" || len(got) != 1 || !strings.Contains(got[0].String(), tt.want) || got[0].Severity != diag.Warning:
			t.Errorf("%s: %v\nwant %q", name, got, tt.want)
		}
	}
}

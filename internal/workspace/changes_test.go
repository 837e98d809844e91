package workspace_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

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

// TestChanges lists what KAITO forbids to change, and what it does not.
func TestChanges(t *testing.T) {
	const template = "  template: {spec: {containers: [{name: c, image: i}]}}\n"
	const servedPreset = "  preset: {name: phi-4-mini-instruct}\n"
	for name, tt := range map[string]struct{ text, from, to, want string }{
		"nothing":       {served, "apiVersion: kaito.sh/v1beta1", "apiVersion: kaito.sh/v1beta1 # same", ""},
		"size":          {served, "NC24ads", "NC48ads", "a.yaml:5:3: warning: resource.instanceType: was Standard_NC24ads_A100_v4, is Standard_NC48ads_A100_v4: the pool is replaced, if the size that is chosen is another one (serving stops until the new pods are ready; KAITO forbids this change)"},
		"size, case":    {served, "Standard_NC24ads", "standard_nc24ads", ""},
		"no size":       {served, "  instanceType: Standard_NC24ads_A100_v4\n", "", "a.yaml:4:1: warning: resource.instanceType: was Standard_NC24ads_A100_v4, is auto: the pool"},
		"count":         {served, "resource:\n", "resource:\n  count: 2\n", "a.yaml:5:3: warning: resource.count: was 1, is 2: how many nodes there are follows from the model"},
		"labels":        {served, "{app: phi}", "{app: other}", "a.yaml:6:3: warning: resource.labelSelector: is not what it was: the pool is replaced"},
		"same labels":   {served, "{matchLabels: {app: phi}}", "{matchExpressions: [{key: app, operator: In, values: [phi]}]}", ""},
		"partition":     {served, "resource:\n", "resource:\n  partition: {mode: mig, profile: 1g.10gb}\n", "a.yaml:5:3: warning: resource.partition: is not what it was: all pods"},
		"model":         {served, "phi-4-mini-instruct", "phi-4", "a.yaml:8:12: warning: inference.preset.name: was phi-4-mini-instruct, is phi-4: the StatefulSet is replaced"},
		"options":       {served, "{name: phi-4-mini-instruct}", "{name: phi-4-mini-instruct, presetOptions: {modelAccessSecret: s}}", "a.yaml:8:3: warning: inference.preset: its options are not what they were: all pods"},
		"to template":   {served, servedPreset, template, "a.yaml:8:3: warning: inference.template: what is served comes from a preset"},
		"to tuning":     {served, "inference:\n" + servedPreset, tuned[strings.Index(tuned, "tuning:"):], "a.yaml:7:1: warning: tuning: was inference, is tuning: the StatefulSet and its Services replaced by the tuning Job (the model is no longer served"},
		"to inference":  {tuned, tuned[strings.Index(tuned, "tuning:"):], "inference:\n" + servedPreset, "a.yaml:6:1: warning: inference: was tuning, is inference: the tuning Job replaced by the StatefulSet and its Services (a tuning that runs is given up"},
		"adapters":      {served, servedPreset, servedPreset + "  adapters: [{source: {name: a, image: example.com/a}}]\n", ""},
		"config":        {served, servedPreset, servedPreset + "  config: c\n", ""},
		"node class":    {served, "{name: phi}", "{name: phi, annotations: {kaito.sh/node-class-name: x}}", "a.yaml:3:37: warning: metadata.annotations.kaito.sh/node-class-name: was nothing, is x: where Karpenter"},
		"tuned model":   {tuned, "phi-4-mini-instruct", "phi-4", "a.yaml:7:3: warning: tuning.preset: was phi-4-mini-instruct, is phi-4: the Job is replaced, and the pool if the model needs another (the tuning starts over; KAITO forbids this change)"},
		"method":        {tuned, "lora", "qlora", "a.yaml:8:3: warning: tuning.method: was lora, is qlora: the Job is replaced"},
		"method, case":  {tuned, "lora", "LoRA", "the tuning starts over"},
		"input's name":  {tuned, "name: data", "name: other", "a.yaml:9:11: warning: tuning.input.name: was data, is other: the Job is replaced"},
		"input":         {tuned, "com/a", "com/b", "a.yaml:6:1: warning: tuning: its inputs are not what they were: the Job is replaced (the tuning starts over)"},
		"other name":    {served, "{name: phi}", "{name: new}", ""},
		"set, size":     {inferenceSet, "NC24ads", "NC48ads", "a.yaml:16:7: warning: spec.template.resource.instanceType: was Standard_NC24ads_A100_v4"},
		"set, replicas": {inferenceSet, "replicas: 3", "replicas: 5", ""},
	} {
		after := strings.Replace(tt.text, tt.from, tt.to, 1)
		if after == tt.text {
			t.Fatalf("%s: nothing is changed", name)
		}
		got := workspace.Changes(load(t, map[string]string{"a.yaml": tt.text}, workspace.Options{}), load(t, map[string]string{"a.yaml": after}, workspace.Options{}))
		switch {
		case tt.want == "" && len(got) == 0:
		case tt.want == "" || len(got) != 1 || !strings.Contains(got[0].String(), tt.want) || got[0].Severity != workspace.Warning:
			t.Errorf("%s: %v\nwant %q", name, got, tt.want)
		}
	}
}

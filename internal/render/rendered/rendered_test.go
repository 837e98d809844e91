// SPDX-License-Identifier: Apache-2.0

package rendered_test

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/render/rendered"
)

// objects decodes the first of the YAML documents in a golden file of package render: one variant of a Workspace.
func objects(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile("../testdata/golden/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for text := range strings.SplitSeq(string(data), "---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
			t.Fatal(err)
		}
		if u.Object != nil {
			out = append(out, u)
		}
	}
	return out
}

// TestOf reads what package render has written.
func TestOf(t *testing.T) {
	const image = "mcr.microsoft.com/aks/kaito/kaito-base:0.5.0"
	for name, want := range map[string]rendered.Facts{
		"inference-four-gpus.yaml": {
			Runtime: "vllm", Image: image, TensorParallel: 4, PipelineParallel: 1, Kind: "StatefulSet", Replicas: 1,
		},
		"inference-deepseek-v3.2-two-nodes.yaml": {
			Runtime: "vllm", TensorParallel: 8, PipelineParallel: 2, Kind: "StatefulSet", Replicas: 2,
		},
		"inference-exposed-suspended-kept.yaml": {Runtime: "vllm", Kind: "StatefulSet", Replicas: 0, TensorParallel: 1},
	} {
		all := objects(t, name)
		of := all[0].GetLabels()["kaito.sh/workspace"]
		got := rendered.Of(of, all)
		if got.Kind != want.Kind || got.Runtime != want.Runtime || got.Replicas != want.Replicas ||
			got.TensorParallel != want.TensorParallel ||
			want.PipelineParallel > 0 && got.PipelineParallel != want.PipelineParallel ||
			want.Image != "" && got.Image != want.Image {
			t.Errorf("%s: got %+v", name, got)
		}
		if got.Endpoint != "http://"+of+".default.svc:80" || got.Model == "" || got.Preset == "" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := rendered.Of("w", nil); got != (rendered.Facts{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func object(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return []*unstructured.Unstructured{u}
}

// TestUnknown leaves out what an object does not say, in any form.
func TestUnknown(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want rendered.Facts
	}{
		"the main container has the name of the object": {
			`{kind: StatefulSet, metadata: {name: w}, spec: {template: {spec: {containers: [
				{name: sidecar, image: a:1}, {name: w, image: b:1}]}}}}`,
			rendered.Facts{Kind: "StatefulSet", Replicas: 1, Image: "b:1"},
		},
		"weights on the node": {
			`{kind: StatefulSet, metadata: {name: w}, spec: {replicas: 2, template: {spec: {containers: [
				{name: w, args: [--model=/weights, --revision=x, --max-model-len=4096]}]}}}}`,
			rendered.Facts{
				Kind: "StatefulSet", Replicas: 2, Runtime: "vllm", ContextLength: 4096, PipelineParallel: 1,
			},
		},
		"transformers": {
			`{kind: StatefulSet, metadata: {name: w}, spec: {template: {spec: {containers: [
				{name: w, args: [--pretrained_model_name_or_path=a/b, --revision=x]}]}}}}`,
			rendered.Facts{Kind: "StatefulSet", Replicas: 1, Runtime: "transformers", Model: "a/b", Revision: "x"},
		},
		"other types": {
			`{kind: Job, metadata: {name: w}, spec: {replicas: many, template: {spec: {containers: [1, {args: 3}]}}}}`,
			rendered.Facts{Kind: "Job"},
		},
		"no containers": {`{kind: Job, spec: {template: 1}}`, rendered.Facts{Kind: "Job"}},
	} {
		if got := rendered.Of("w", object(t, tt.text)); got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}

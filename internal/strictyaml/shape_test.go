// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

type template map[string]any

func (template) Shape() any { return &corev1.PodTemplateSpec{} }

type shaped struct {
	Template template `yaml:"template" doc:"of the pods"`
	Size     string   `yaml:"size" enum:"small,large" default:"small" need:"true"`
	New      int      `yaml:"new" since:"v2" default:"3"`
}

func TestShape(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{spec: {containers: [{name: c, image: i}]}}", ""},
		{"&t {metadata: {creationTimestamp: null, labels: {a: b}}, spec: {containers: []}}", ""},
		{"{spec: {containers: [{resources: {limits: {cpu: 1, memory: 2Gi, nvidia.com/gpu: '1'}}}]}}", ""},
		{"{spec: {volumes: [{name: v, emptyDir: {sizeLimit: 1.5Gi}}]}}", ""},
		{
			"{spec: {containers: [{livenessProbe: {httpGet: {port: http}}}, {livenessProbe: {httpGet: {port: 80}}}]}}",
			"",
		},
		{
			"{spec: {container: []}}",
			`1:19: template.spec.container: unknown field "container" (did you mean "containers"?)`,
		},
		{"{spec: {containers: {}}}", "1:31: template.spec.containers: must be a list, not a mapping"},
		{
			"{spec: {containers: [{image: 1}]}}",
			`template.spec.containers[0].image: must be text, not a number (quote it: "1")`,
		},
		{
			"{spec: {containers: [{ports: [{containerPort: '80'}]}]}}",
			"containerPort: must be a whole number, not text (remove the quotes)",
		},
		{"{spec: {containers: [{ports: [{containerPort: 3e9}]}]}}", "must be a whole number"},
		{
			"{spec: {containers: [{resources: {limits: {cpu: 1 GB}}}]}}",
			"template.spec.containers[0].resources.limits.cpu: must be a quantity, not text",
		},
		{"{spec: {containers: [{resources: {limits: {cpu: [1]}}}]}}", "must be a quantity, not a list"},
		{
			"{spec: {containers: [{livenessProbe: {httpGet: {port: {}}}}]}}",
			"must be a whole number or text, not a mapping",
		},
		{
			"{metadata: {creationTimestamp: yesterday}}",
			"template.metadata.creationTimestamp: must be a time, not text (write it as 2026-01-31T12:00:00Z)",
		},
		{"{spec: {hostNetwork: 'true'}}", "template.spec.hostNetwork: must be true or false, not text"},
		{"{spec: {a: 1, a: 2}}", `field "a" is given twice`},
		{"text", "template: must be a mapping, not text"},
	} {
		docs, err := Documents([]byte("template: " + tt.text))
		if err != nil {
			t.Fatal(err)
		}
		var into shaped
		_, errs := Decode(docs[0], &into)
		got := fmt.Sprint(errs)
		if tt.want == "" && len(errs) > 0 || !strings.Contains(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.text, got, tt.want)
		}
		if tt.want == "" && into.Template == nil {
			t.Errorf("%s is not kept", tt.text)
		}
		for i, e := range errs {
			for _, other := range errs[i+1:] {
				if e == other {
					t.Errorf("%s: reported twice: %v", tt.text, e)
				}
			}
		}
	}
}

// TestBounded makes files that would take memory out of proportion to their size.
func TestBounded(t *testing.T) {
	var long strings.Builder
	for i := range 90 {
		long.WriteString(strings.Repeat(" ", i) + strings.Repeat("k", 900) + ":\n")
	}
	long.WriteString(strings.Repeat(" ", 90) + "[" + strings.Repeat("a, ", 20_000) + "a]")
	_, positions, _ := decode(t, "any:\n"+indent(long.String()))
	total := 0
	for field := range positions {
		total += len(field)
	}
	if total > len(positions)*(maxPath+100) || len(positions) < 20_000 {
		t.Errorf("paths of %d characters for a file of %d", total, long.Len())
	}
	_, _, errs := decode(t, "any: 1\n"+strings.Repeat("x", 1)+": 1\n"+unknown(1000))
	if len(errs) != MaxErrors+1 || !strings.Contains(errs[MaxErrors].Message, "more than 100 errors") {
		t.Errorf("%d errors", len(errs))
	}
	_, _, errs = decode(t, strings.Repeat("x", 900)+": 1")
	if len(errs) != 1 || len(errs[0].Message) > 200 {
		t.Errorf("a long message: %v", errs)
	}
}

func indent(s string) string { return " " + strings.ReplaceAll(s, "\n", "\n ") }

func unknown(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "unknown%d: 1\n", i)
	}
	return b.String()
}

func TestSchema(t *testing.T) {
	var s Schema
	got := s.Of(shaped{})
	properties := got["properties"].(map[string]any)
	if !reflect.DeepEqual(
		properties["size"],
		map[string]any{"type": "string", "enum": []any{"small", "large"}, "default": "small"},
	) ||
		!reflect.DeepEqual(properties["new"], map[string]any{"type": "integer", "default": json.Number("3")}) ||
		!reflect.DeepEqual(
			properties["template"],
			map[string]any{"$ref": "#/definitions/PodTemplateSpec", "description": "of the pods"},
		) ||
		!reflect.DeepEqual(got["required"], []any{"size"}) ||
		got["additionalProperties"] != false {
		t.Errorf("%v", got)
	}
	container := s.Definitions()["Container"].(map[string]any)["properties"].(map[string]any)
	if container["image"] == nil || container["ports"] == nil {
		t.Errorf("%v", container)
	}
	old := Schema{Without: "v2"}
	if p := old.Of(shaped{})["properties"].(map[string]any); p["new"] != nil || p["size"] == nil {
		t.Errorf("%v", p)
	}
}

// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	if text == "" {
		return nil
	}
	u, ok := parsed(text)
	if !ok {
		t.Fatalf("%q is no object", text)
	}
	return u
}

// parsed is an object from YAML, and whether it is one.
func parsed(text string) (*unstructured.Unstructured, bool) {
	u := &unstructured.Unstructured{}
	err := yaml.Unmarshal([]byte(text), &u.Object)
	return u, err == nil && u.Object != nil
}

func TestObjects(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		fields              []string
		contains, hidden    string
	}{
		{
			name:   "same but for the server's fields",
			before: "kind: A\nmetadata: {name: x, uid: 1, resourceVersion: \"5\"}\nstatus: {a: b}",
			after:  "kind: A\nmetadata: {name: x}",
			hidden: "uid",
		},
		{
			name:     "changed",
			before:   "kind: A\nspec: {replicas: 1, x: [a, b]}",
			after:    "kind: A\nspec: {replicas: 2, x: [a, c]}",
			fields:   []string{"spec.replicas", "spec.x[1]"},
			contains: "+  replicas: 2",
		},
		{
			name:   "label",
			before: "kind: A\nmetadata: {labels: {a.b/c: d}}",
			after:  "kind: A\nmetadata: {labels: {a.b/c: e}}",
			fields: []string{"metadata.labels[a.b/c]"},
		},
		{"created", "", "kind: A\nmetadata: {name: x}", nil, "+kind: A", ""},
		{"deleted", "kind: A\nmetadata: {name: x}", "", nil, "-kind: A", ""},
		{
			name:     "secret",
			before:   "kind: Secret\ndata: {a: b25l, same: c2FtZQ==}",
			after:    "kind: Secret\ndata: {a: dHdv, same: c2FtZQ==}",
			fields:   []string{"data.a"},
			contains: "[redacted] (after)",
			hidden:   "dHdv",
		},
		{"secret created", "", "kind: Secret\nstringData: {a: geheim}", nil, "[redacted]", "geheim"},
		{
			name:     "environment",
			before:   "kind: A\nspec: {env: [{name: HF_TOKEN, value: one}]}",
			after:    "kind: A\nspec: {env: [{name: HF_TOKEN, value: two}]}",
			fields:   []string{"spec.env[0].value"},
			contains: "[redacted] (after)",
			hidden:   "two",
		},
		{
			name:     "environment unchanged",
			before:   "kind: A\nspec: {x: 1, env: [{name: HF_TOKEN, value: one}]}",
			after:    "kind: A\nspec: {x: 2, env: [{name: HF_TOKEN, value: one}]}",
			fields:   []string{"spec.x"},
			contains: "[redacted]",
			hidden:   "one",
		},
		{"environment created", "", "kind: A\nspec: {env: [{name: API_KEY, value: two}]}", nil, "[redacted]", "two"},
		{
			name:     "environment added",
			before:   "kind: A\nspec: {env: []}",
			after:    "kind: A\nspec: {env: [{name: API_KEY, value: two}]}",
			fields:   []string{"spec.env"},
			contains: "[redacted]",
			hidden:   "two",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := object(t, tt.before), object(t, tt.after)
			d := Objects(before, after)
			if !slices.Equal(d.Paths, tt.fields) {
				t.Errorf("fields %v, want %v", d.Paths, tt.fields)
			}
			if !strings.Contains(d.Unified, tt.contains) || tt.hidden != "" && strings.Contains(d.Unified, tt.hidden) {
				t.Errorf("diff:\n%s", d.Unified)
			}
			paths, texts := Later(before, after)
			got := Diff{paths, texts.Fields(), texts.Unified()}
			if !reflect.DeepEqual(got, d) || texts.Empty() != (d.Unified == "") {
				t.Errorf("later: %+v, and not %+v", got, d)
			}
		})
	}
}

package diff

import (
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
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestObjects(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		fields              []string
		contains, hidden    string
	}{
		{"same but for the server's fields", "kind: A\nmetadata: {name: x, uid: 1, resourceVersion: \"5\"}\nstatus: {a: b}", "kind: A\nmetadata: {name: x}", nil, "", "uid"},
		{"changed", "kind: A\nspec: {replicas: 1, x: [a, b]}", "kind: A\nspec: {replicas: 2, x: [a, c]}", []string{"spec.replicas", "spec.x[1]"}, "+  replicas: 2", ""},
		{"label", "kind: A\nmetadata: {labels: {a.b/c: d}}", "kind: A\nmetadata: {labels: {a.b/c: e}}", []string{"metadata.labels[a.b/c]"}, "", ""},
		{"created", "", "kind: A\nmetadata: {name: x}", nil, "+kind: A", ""},
		{"deleted", "kind: A\nmetadata: {name: x}", "", nil, "-kind: A", ""},
		{"secret", "kind: Secret\ndata: {a: b25l, same: c2FtZQ==}", "kind: Secret\ndata: {a: dHdv, same: c2FtZQ==}", []string{"data.a"}, "*** (after)", "dHdv"},
		{"secret created", "", "kind: Secret\nstringData: {a: geheim}", nil, "***", "geheim"},
		{"environment", "kind: A\nspec: {env: [{name: HF_TOKEN, value: one}]}", "kind: A\nspec: {env: [{name: HF_TOKEN, value: two}]}", []string{"spec.env[0].value"}, "*** (after)", "two"},
		{"environment unchanged", "kind: A\nspec: {x: 1, env: [{name: HF_TOKEN, value: one}]}", "kind: A\nspec: {x: 2, env: [{name: HF_TOKEN, value: one}]}", []string{"spec.x"}, "***", "one"},
		{"environment created", "", "kind: A\nspec: {env: [{name: API_KEY, value: two}]}", nil, "***", "two"},
		{"environment added", "kind: A\nspec: {env: []}", "kind: A\nspec: {env: [{name: API_KEY, value: two}]}", []string{"spec.env"}, "***", "two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := object(t, tt.before), object(t, tt.after)
			d := Objects(before, after)
			if !slices.Equal(d.Fields, tt.fields) {
				t.Errorf("fields %v, want %v", d.Fields, tt.fields)
			}
			if !strings.Contains(d.Unified, tt.contains) || tt.hidden != "" && strings.Contains(d.Unified, tt.hidden) {
				t.Errorf("diff:\n%s", d.Unified)
			}
		})
	}
}

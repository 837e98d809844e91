// SPDX-License-Identifier: Apache-2.0

package cause

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestParsePath(t *testing.T) {
	for path, want := range map[string][]any{
		"spec.replicas":                  {"spec", "replicas"},
		"spec.containers[0].args[12]":    {"spec", "containers", 0, "args", 12},
		"metadata.labels[syncer.dev/it]": {"metadata", "labels", "syncer.dev/it"},
		"data[a.b].c":                    {"data", "a.b", "c"},
		"data[01]":                       {"data", "01"},
		"":                               nil,
	} {
		if diff := cmp.Diff(want, parsePath(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// TestCauseOf has the forms in which an API server records fields: items by keys, by value, and lists as a whole.
func TestCauseOf(t *testing.T) {
	object := func(inputs string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{"syncer.dev/inputs": inputs}},
			"spec": map[string]any{
				"replicas":   int64(1),
				"ports":      []any{map[string]any{"port": int64(80), "protocol": "TCP", "targetPort": "http"}},
				"finalizers": []any{"a"},
				"args":       []any{"x", "y"},
			},
		}}
	}
	const ours = `{"f:metadata":{"f:annotations":{"f:syncer.dev/inputs":{}}},"f:spec":{"f:args":{},` +
		`"f:finalizers":{"v:\"a\"":{}},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:targetPort":{}}}}}`
	const theirs = `{"f:spec":{"f:replicas":{}}}`
	live := object("1")
	live.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: "syncer", FieldsV1: &metav1.FieldsV1{Raw: []byte(ours)}},
		{Manager: "kubectl", FieldsV1: &metav1.FieldsV1{Raw: []byte(theirs)}},
		{Manager: "controller", Subresource: "status", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:args":{}}}`)}},
		{Manager: "broken", FieldsV1: &metav1.FieldsV1{Raw: []byte(`[]`)}},
		{Manager: "empty"},
	})
	for _, test := range []struct {
		name   string
		want   *unstructured.Unstructured
		fields []string
		cause  Cause
	}{
		{"other inputs", object("2"), []string{"spec.replicas"}, Commit},
		{"a whole list that syncer set", object("1"), []string{"spec.args[1]"}, Rendering},
		{"an item by value", object("1"), []string{"spec.finalizers[0]"}, Rendering},
		{"an item by keys", object("1"), []string{"spec.ports[0].targetPort"}, Rendering},
		{"what another client set", object("1"), []string{"spec.replicas"}, Drift},
		{"both", object("1"), []string{"spec.args[0]", "spec.replicas"}, Drift},
		{"a field that is not there", object("1"), []string{"spec.serviceName"}, ""},
		{"a field that no client set", object("1"), []string{"spec.ports[0].protocol"}, ""},
	} {
		if got := Of(live, test.want, test.fields); got != test.cause {
			t.Errorf("%s: %q, want %q", test.name, got, test.cause)
		}
	}
	if got := Of(object("1"), object("2"), []string{"spec.replicas"}); got != "" {
		t.Errorf("an object of no API server: %q", got)
	}
	adopted := object("1")
	adopted.SetAnnotations(nil)
	adopted.SetManagedFields(live.GetManagedFields())
	if got := Of(adopted, object("1"), []string{"spec.args[1]"}); got != "" {
		t.Errorf("an object without inputs: %q", got)
	}
}

// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{} // with whole numbers, as the API server gives them
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

// TestIntent: what our field manager would send again is known, or nothing is. TestFulfilledMeansAsDesired of package
// apply compares with the API server.
func TestIntent(t *testing.T) {
	const labels = "f:metadata: {f:labels: {f:l: {}}}"
	for _, tt := range []struct {
		name, live, fields, want string // want "": not known
	}{
		{"a field of others", "spec: {a: 1, b: 2}", "f:spec: {f:a: {}}", "spec: {a: 1}"},
		{
			"a number in a key", "spec: {p: [{id: 80, q: TCP}]}",
			`f:spec: {f:p: {'k:{"id":80,"q":"TCP"}': {.: {}, f:id: {}}}}`, "spec: {p: [{id: 80}]}",
		},
		{"a text in place of a number", "spec: {p: [{id: '80'}]}", `f:spec: {f:p: {'k:{"id":80}': {.: {}, f:id: {}}}}`, ""},
		{"a set", "spec: {s: [b, a]}", `f:spec: {f:s: {'v:"a"': {}, 'v:"b"': {}}}`, "spec: {s: [b, a]}"},
		{
			"an item as a whole", "spec: {s: [{id: a, m: 1}]}",
			`f:spec: {f:s: {'k:{"id":"a"}': {}}}`, "spec: {s: [{id: a, m: 1}]}",
		},
		{"an item of others", "spec: {s: [b, a]}", `f:spec: {f:s: {'v:"a"': {}}}`, ""},
		{"an item that is gone", "spec: {s: [a]}", `f:spec: {f:s: {'v:"a"': {}, 'v:"b"': {}}}`, ""},
		{"an item twice", "spec: {s: [a, a]}", `f:spec: {f:s: {'v:"a"': {}, 'v:"b"': {}}}`, ""},
		{"an item by index", "spec: {s: [a]}", `f:spec: {f:s: {'i:0': {}}}`, ""},
		{"a field that is gone", "spec: {a: 1}", "f:spec: {f:a: {}, f:b: {}}", ""},
		{"a map that is none", "spec: 1", "f:spec: {f:a: {}}", ""},
		{"a status", "status: {a: 1}", "f:status: {f:a: {}}", ""},
		{
			"a default of a workload", "spec: {fieldRef: {apiVersion: v1, fieldPath: a}}",
			"f:spec: {f:fieldRef: {}}", "spec: {fieldRef: {fieldPath: a}}",
		},
	} {
		u := parsed(t, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: a\n  labels: {l: x, m: z}\n"+
			"  managedFields:\n"+
			"  - {manager: other, operation: Apply, apiVersion: apps/v1, fieldsV1: {f:spec: {f:b: {}}}}\n"+
			"  - {manager: syncer, operation: Apply, apiVersion: apps/v1, fieldsV1: {"+labels+", "+tt.fields+"}}\n"+tt.live)
		want := Intent{}
		if tt.want != "" {
			want = IntentOf(parsed(t, "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a, labels: {l: x}}\n"+tt.want))
		}
		if intentIn(u) != want {
			t.Errorf("%s: another intent", tt.name)
		}
		entries := u.GetManagedFields()
		u.SetManagedFields(append(entries, entries[1]))
		if intentIn(u) != (Intent{}) {
			t.Errorf("%s: with two entries of ours", tt.name)
		}
		entries[1].APIVersion = "apps/v1beta1"
		if u.SetManagedFields(entries); intentIn(u) != (Intent{}) {
			t.Errorf("%s: of another version", tt.name)
		}
	}
}

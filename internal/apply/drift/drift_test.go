// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/apply/drift"
)

func parse(t *testing.T, text string) *unstructured.Unstructured {
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

const object = `
apiVersion: v1
kind: A
metadata:
  name: a
  uid: u1
  resourceVersion: "7"
  generation: 2
  creationTimestamp: "2026-01-01T00:00:00Z"
  finalizers: [example.com/a]
  ownerReferences: [{kind: ConfigMap, name: o}]
  managedFields: [{manager: x}]
spec: {replicas: 1, list: [p, q], deep: {a/b: c}}
status: {ready: 1}
`

func TestDiffers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		path   []string
		value  any // nil removes
		left   []string
		differ bool
	}{
		{"nothing", nil, nil, nil, false},
		{"status", []string{"status", "ready"}, int64(0), nil, false},
		{"version", []string{"metadata", "resourceVersion"}, "8", nil, false},
		{"generation", []string{"metadata", "generation"}, int64(3), nil, false},
		{"managers", []string{"metadata", "managedFields"}, nil, nil, false},
		{"finalizer", []string{"metadata", "finalizers"}, nil, nil, true},
		{"owner", []string{"metadata", "ownerReferences"}, nil, nil, true},
		{"label", []string{"metadata", "labels"}, map[string]any{"a": "b"}, nil, true},
		{"spec", []string{"spec", "replicas"}, int64(2), nil, true},
		{"left", []string{"spec", "replicas"}, int64(2), []string{"/spec/replicas"}, false},
		{"left with a slash", []string{"spec", "deep", "a/b"}, "d", []string{"/spec/deep/a~1b"}, false},
		{"another is left", []string{"spec", "replicas"}, int64(2), []string{"/spec/other", "/spec/list/7"}, true},
	} {
		live, applied := parse(t, object), parse(t, object)
		switch {
		case tt.path == nil:
		case tt.value == nil:
			unstructured.RemoveNestedField(live.Object, tt.path...)
		default:
			_ = unstructured.SetNestedField(live.Object, tt.value, tt.path...)
		}
		before := live.DeepCopy()
		if got := drift.Differs(live, applied, tt.left); got != tt.differ {
			t.Errorf("%s: %t", tt.name, got)
		}
		if d := cmp.Diff(before.Object, live.Object); d != "" {
			t.Errorf("%s: the comparison changed its input:\n%s", tt.name, d)
		}
	}
}

func TestLeave(t *testing.T) {
	live := parse(t, "{apiVersion: v1, kind: A, spec: {replicas: 5, list: [x, y, z], theirs: 9, not-sent: 1}}")
	sent := parse(t, "{apiVersion: v1, kind: A, spec: {replicas: 1, list: [p, q, z], theirs: 1, gone: 1, stays: 1}}")
	left := []string{"/spec/replicas", "/spec/not-sent", "/spec/list/1", "/spec/theirs", "/spec/gone", "/spec/no/such"}
	if err := drift.Leave(sent, live, left, func(pointer string) bool { return pointer == "/spec/theirs" }); err != nil {
		t.Fatal(err)
	}
	want := parse(t, "{apiVersion: v1, kind: A, spec: {replicas: 5, list: [p, y, z], stays: 1}}")
	if d := cmp.Diff(want.Object, sent.Object); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	live = parse(t, "{apiVersion: v1, kind: A, spec: {list: []}}")
	if err := drift.Leave(sent, live, []string{"/spec/list/0"}, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	want = parse(t, "{apiVersion: v1, kind: A, spec: {replicas: 5, list: [y, z], stays: 1}}")
	if d := cmp.Diff(want.Object, sent.Object); d != "" {
		t.Errorf("an item that is gone (-want +got):\n%s", d)
	}
}

func TestWithout(t *testing.T) {
	u := parse(t, object)
	got := drift.Without(u, []string{"/spec/replicas"})
	if got.GetManagedFields() != nil || u.GetManagedFields() == nil {
		t.Error("managedFields")
	}
	if spec, _ := got.Object["spec"].(map[string]any); spec["replicas"] != nil || spec["list"] == nil {
		t.Errorf("spec %v", spec)
	}
}

func TestOwns(t *testing.T) {
	o := parse(t, `
apiVersion: v1
kind: A
spec:
  replicas: 1
  containers: [{name: a, image: x}, {name: b, image: y, ports: [{containerPort: 80, protocol: TCP}]}]
  args: [p, q]
`)
	fields := `{"f:spec":{"f:replicas":{},"f:args":{".":{},"v:\"q\"":{}},"f:containers":{"k:{\"name\":\"b\"}":{".":{},
		"f:image":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{}}}}}}}`
	for pointer, want := range map[string]bool{
		"/spec/replicas":             true,
		"/spec":                      true,
		"/spec/containers/1/image":   true,
		"/spec/containers/1/ports/0": true,
		"/spec/containers/0/image":   false,
		"/spec/containers/7":         false,
		"/spec/args/1":               true,
		"/spec/args/0":               false,
		"/spec/paused":               false,
	} {
		if got := drift.Owns([]byte(fields), o, pointer); got != want {
			t.Errorf("%s: %t", pointer, got)
		}
	}
	if drift.Owns([]byte("{"), o, "/spec") {
		t.Error("of a set that cannot be read")
	}
}

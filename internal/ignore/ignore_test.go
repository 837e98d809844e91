// SPDX-License-Identifier: Apache-2.0

package ignore_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/ignore"
)

// TestPointer: nothing that identifies an object, makes it ours, or that the policy judges can be ignored, neither as a
// part of something larger nor by a part of it.
func TestPointer(t *testing.T) {
	for text, ok := range map[string]bool{
		"/spec/replicas":                       true,
		"/metadata/annotations/example.com~1a": true,
		"/metadata/labels/team":                true,
		"/spec/minReplicas":                    true,
		"":                                     false,
		"/":                                    false,
		"spec/replicas":                        false,
		"/spec":                                false,
		"/spec/":                               false,
		"/spec/a~2":                            false,
		"/metadata":                            false,
		"/metadata/name":                       false,
		"/metadata/labels":                     false,
		"/metadata/labels/syncer.dev~1cluster": false,
		"/metadata/labels/kaito.sh~1workspace": false,
		"/metadata/labels/inferenceset.kaito.sh~1x":      false,
		"/metadata/labels/app.kubernetes.io~1managed-by": false,
		"/metadata/annotations/syncer.dev~1prune":        false,
		"/metadata/annotations":                          false,
		"/spec/template":                                 false,
		"/spec/template/spec/containers/0/image":         false,
		"/spec/template/spec/hostNetwork":                false,
		"/spec/jobTemplate/spec/template":                false,
		"/spec/selector/app":                             false,
		"/spec/externalIPs":                              false,
		"/data/key":                                      false,
		"/kind":                                          false,
	} {
		if err := ignore.Pointer(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	good, wrong := ignore.Pointers("/spec/replicas, /spec/template,,/spec/minReplicas")
	if diff := cmp.Diff([]string{"/spec/replicas", "/spec/minReplicas"}, good); diff != "" || len(wrong) != 1 {
		t.Errorf("%s%v", diff, wrong)
	}
	for text, ok := range map[string]bool{
		"StatefulSet.apps /spec/replicas": true, "StatefulSet.apps": false, "/spec/replicas": false,
		"Job.batch /spec/template": false, "ConfigMap /metadata/labels/a": true,
	} {
		if _, err := ignore.ParseField(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestOf: rules of the configuration, of annotations and by field manager, and a switch that wins over them.
func TestOf(t *testing.T) {
	object := func(replicas int64, annotation string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "StatefulSet",
			"metadata": map[string]any{"name": "a", "annotations": map[string]any{ignore.Annotation: annotation}},
			"spec":     map[string]any{"replicas": replicas},
		}}
	}
	live := object(5, "")
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}
	}
	live.SetManagedFields([]metav1.ManagedFieldsEntry{
		entry("keda-operator", `{
			"f:metadata":{"f:annotations":{".":{},"f:example.com/a":{}},"f:labels":{"f:syncer.dev/cluster":{}}},
			"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:hostNetwork":{}}},
			"f:list":{"k:{\"name\":\"x\"}":{"f:y":{}}}}}`),
		entry("kubectl-edit", `{"f:spec":{"f:paused":{}}}`),
	})
	managers := ignore.Rules{Managers: []string{"keda-operator"}}
	fields := ignore.Rules{Fields: []ignore.Field{
		{Kind: "StatefulSet.apps", Pointer: "/spec/replicas"}, {Kind: "Job.batch", Pointer: "/spec/x"},
	}}
	for name, tt := range map[string]struct {
		rules ignore.Rules
		o     *unstructured.Unstructured
		want  []string
	}{
		"nothing": {ignore.Rules{}, object(1, ""), nil},
		"a field": {fields, object(1, ""), []string{"/spec/replicas"}},
		"annotation": {
			fields, object(1, "/spec/minReadySeconds,/spec/template"),
			[]string{"/spec/minReadySeconds", "/spec/replicas"},
		},
		"a manager": {managers, object(1, ""), []string{"/metadata/annotations/example.com~1a", "/spec/replicas"}},
		"suspended": {fields, object(0, "/spec/replicas"), nil},
	} {
		got := tt.rules.Of(tt.o, live)
		if diff := cmp.Diff(append([]string{}, tt.want...), append([]string{}, got...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := managers.Of(object(1, ""), nil); len(got) > 0 {
		t.Errorf("an object that does not exist: %v", got)
	}
}

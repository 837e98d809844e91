// SPDX-License-Identifier: Apache-2.0

package source

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestAllowed: a preset of the repository makes no object that a Workspace could not.
func TestAllowed(t *testing.T) {
	object := func(apiVersion, kind, namespace string, meta map[string]any) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"metadata": meta}}
		u.SetAPIVersion(apiVersion)
		u.SetKind(kind)
		u.SetName("a")
		u.SetNamespace(namespace)
		return u
	}
	for want, u := range map[string]*unstructured.Unstructured{
		"":                             object("apps/v1", "StatefulSet", "x", map[string]any{}),
		"must not contain a Secret":    object("v1", "Secret", "x", map[string]any{}),
		"is in namespace":              object("v1", "ConfigMap", "kube-system", map[string]any{}),
		"set metadata.ownerReferences": object("v1", "Service", "x", map[string]any{"ownerReferences": []any{}}),
		"set metadata.finalizers":      object("v1", "Service", "x", map[string]any{"finalizers": []any{"a/b"}}),
	} {
		err := Allowed(u, "x")
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

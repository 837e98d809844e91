// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestPackedLabels: packed labels are those that the object says it has, also of one that no server would send.
func TestPackedLabels(t *testing.T) {
	for _, labels := range []any{
		nil,
		map[string]any{},
		map[string]any{"b": "1", "a": "", "": "x"},
		map[string]any{"a": nil, "b": "1"},
		map[string]any{"a": "1", "b": int64(2)},
		"none",
		[]any{"a"},
	} {
		u := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"labels": labels}}}
		got := unpacked(packedIn(u, "labels", u.GetLabels))
		if d := cmp.Diff(u.GetLabels(), got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%v (-the object +packed):\n%s", labels, d)
		}
	}
}

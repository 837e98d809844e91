// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestUpdating reads from a StatefulSet whether an update is under way.
func TestUpdating(t *testing.T) {
	created := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		observed        int64
		current, newest string
		updating        bool
	}{
		"done":            {2, "model-b", "model-b", false},
		"not seen":        {1, "model-b", "model-b", true},
		"under way":       {2, "model-a", "model-b", true},
		"without a state": {2, "", "", false},
	} {
		u := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "StatefulSet",
			"spec": map[string]any{"replicas": int64(1)},
			"status": map[string]any{
				"observedGeneration": tt.observed, "currentRevision": tt.current, "updateRevision": tt.newest,
				"replicas": int64(1), "readyReplicas": int64(1), "currentReplicas": int64(1), "updatedReplicas": int64(1),
			},
		}}
		u.SetName("model")
		u.SetGeneration(2)
		u.SetCreationTimestamp(metav1.NewTime(created))
		w, err := Workload(u)
		if err != nil || w.Updating != tt.updating || !w.Created.Equal(created) {
			t.Errorf("%s: updating %t, created %s, %v", name, w.Updating, w.Created, err)
		}
	}
}

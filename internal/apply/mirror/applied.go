// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// AppliedByUs reports whether our field manager applied the cluster label of an object.
func AppliedByUs(u *unstructured.Unstructured) bool {
	entries := u.GetManagedFields()
	for _, e := range entries {
		if e.Manager != cluster.FieldManager || e.Operation != metav1.ManagedFieldsOperationApply {
			continue
		}
		if e.FieldsV1 == nil { // one that Object.Unstructured left
			return true
		}
		if containsField(e.FieldsV1.GetRawBytes(), cluster.LabelCluster) {
			return true
		}
	}
	return false
}

// containsField reports whether a managed field set names a label.
func containsField(raw []byte, label string) bool {
	return bytes.Contains(raw, []byte(`"f:`+label+`"`))
}

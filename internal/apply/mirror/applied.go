// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// AppliedByUs reports whether our field manager applied the cluster label of an object.
func AppliedByUs(u *unstructured.Unstructured) bool {
	mine := false
	managed(u, func(entry map[string]any) {
		fields, exists := entry["fieldsV1"] // Object.Unstructured leaves it out
		mine = mine || !exists || containsField(fields, "f:"+cluster.LabelCluster)
	})
	return mine
}

// containsField reports whether a managed field set names a field, at any depth.
func containsField(set any, field string) bool {
	fields, _ := set.(map[string]any)
	if _, exists := fields[field]; exists {
		return true
	}
	for _, below := range fields {
		if containsField(below, field) {
			return true
		}
	}
	return false
}

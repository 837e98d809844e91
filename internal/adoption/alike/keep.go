// SPDX-License-Identifier: Apache-2.0

package alike

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"syncer.dev/syncer/internal/wellknown"
)

// immutable are the fields of a StatefulSet's spec that cannot change.
var immutable = []string{"selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"}

// Digest identifies the pod template of a wanted StatefulSet.
func Digest(want *unstructured.Unstructured) (string, error) {
	spec, _ := want.Object["spec"].(object)
	data, err := json.Marshal(spec["template"])
	if err != nil {
		return "", fmt.Errorf("encode the pod template of %s: %w", want.GetName(), err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// Keep returns the wanted StatefulSet with the pod template of the live one, and with the fields of it that cannot
// change: applying that restarts no pod. digest identifies the template that this stands for.
func Keep(want *unstructured.Unstructured, live map[string]any, digest string) *unstructured.Unstructured {
	out := want.DeepCopy()
	spec, _ := out.Object["spec"].(object)
	for _, field := range append([]string{"template"}, immutable...) {
		if v, ok := live[field]; ok {
			spec[field] = runtime.DeepCopyJSONValue(v)
		} else {
			delete(spec, field)
		}
	}
	notes := out.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[wellknown.AnnotationTemplate] = digest
	out.SetAnnotations(notes)
	return out
}

// Immutable lists the fields because of which the live StatefulSet has to be replaced when its pods change.
func Immutable(live, want map[string]any) []string {
	var out []string
	for _, field := range immutable {
		if w, ok := want[field]; ok && !covers(live[field], w) {
			out = append(out, "spec."+field)
		}
	}
	if _, has := live["volumeClaimTemplates"]; has && want["volumeClaimTemplates"] == nil {
		out = append(out, "spec.volumeClaimTemplates")
	}
	slices.Sort(out)
	return out
}

// SPDX-License-Identifier: Apache-2.0

package refusal

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// TestLongValuesAreNotRepeated: the server repeats what it refuses, which may be a whole list of objects.
func TestLongValuesAreNotRepeated(t *testing.T) {
	claims := field.NewPath("spec", "volumeClaimTemplates")
	long := strings.Repeat(`{"name": "a: b"}`, 100)
	err := Root(fmt.Errorf("apply: %w", apierrors.NewInvalid(
		schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "phi", field.ErrorList{
			field.Invalid(claims, long, "field is immutable"),
			field.Invalid(field.NewPath("spec", "replicas"), -1, "must not be negative"),
		},
	)))
	const want = `StatefulSet.apps "phi" is invalid: [` +
		"spec.volumeClaimTemplates: Invalid value: ...: field is immutable, " +
		"spec.replicas: Invalid value: -1: must not be negative]"
	if err.Error() != want {
		t.Errorf("%s, want %s", err, want)
	}
}

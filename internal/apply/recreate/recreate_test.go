// SPDX-License-Identifier: Apache-2.0

package recreate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"syncer.dev/syncer/internal/apply/recreate"
)

var (
	job         = schema.GroupKind{Group: "batch", Kind: "Job"}
	config      = schema.GroupKind{Kind: "ConfigMap"}
	service     = schema.GroupKind{Kind: "Service"}
	claim       = schema.GroupKind{Kind: "PersistentVolumeClaim"}
	statefulSet = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
)

func invalid(causes ...*field.Error) error {
	return fmt.Errorf("dry run: %w", apierrors.NewInvalid(job, "w", causes))
}

func fixed(path string) *field.Error {
	return field.Invalid(field.NewPath(path), "x", "field is immutable")
}

func TestMay(t *testing.T) {
	typo := field.Invalid(field.NewPath("spec.containerPort"), 70000, "must be between 1 and 65535")
	for _, tt := range []struct {
		name string
		kind schema.GroupKind
		err  error
		want bool
	}{
		{"one field", job, invalid(fixed("spec.template")), true},
		{"the same field twice", job, invalid(fixed("spec.template"), fixed("spec.template")), true},
		{"forbidden", config, invalid(field.Forbidden(field.NewPath("data"),
			"field is immutable when `immutable` is set")), true},
		{"a cluster IP", service, invalid(field.Invalid(field.NewPath("spec.clusterIPs[0]"), "None",
			"may not change once set")), true},
		{"a typo too", job, invalid(fixed("spec.template"), typo), false},
		{"a typo", job, invalid(typo), false},
		{"a field that is not on the list", job, invalid(fixed("spec.parallel")), false},
		{"a field of the list and one that is not", job, invalid(fixed("spec.template"), fixed("spec.x")), false},
		{"a kind that is not on the list", statefulSet, invalid(fixed("spec.template")), false},
		{"a volume claim", claim, invalid(fixed("spec.template"), fixed("data")), false},
		{"another kind of cause", job, invalid(field.Required(field.NewPath("spec.template"), "field is immutable")), false},
		{"no cause", job, invalid(), false},
		{"not invalid", job, apierrors.NewForbidden(schema.GroupResource{}, "w", errors.New("field is immutable")), false},
		{"no answer", job, errors.New("spec.template: field is immutable"), false},
		{"none", job, nil, false},
	} {
		if got := recreate.Read(tt.err).May(tt.kind); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestCure(t *testing.T) {
	typo := field.Invalid(field.NewPath("spec.x"), 1, "is wrong")
	for _, tt := range []struct {
		kind schema.GroupKind
		err  error
		want string
	}{
		{statefulSet, invalid(fixed("spec.serviceName")), "kubectl delete statefulset -n n a --cascade=orphan"},
		{claim, invalid(fixed("spec")), "never deletes a volume claim"},
		{
			schema.GroupKind{Kind: "Other"},
			invalid(fixed("spec.a"), fixed("spec.b")),
			"spec.a, spec.b cannot change in place; undo the change, or delete the object, and syncer creates it again: " +
				"kubectl delete other -n n a",
		},
		{job, invalid(fixed("spec.template"), typo), "correct the other fields first"},
		{job, invalid(typo), ""},
	} {
		got := recreate.Read(tt.err).Cure(tt.kind, "n", "a")
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %s", tt.kind, got)
		}
	}
	if got := recreate.Read(invalid(fixed("spec"))).Cure(schema.GroupKind{Kind: "NodePool"}, "", "a"); !strings.HasSuffix(
		got, "kubectl delete nodepool a") {
		t.Error(got)
	}
}

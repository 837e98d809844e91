// SPDX-License-Identifier: Apache-2.0

// Package drift compares a live object with what a dry run would make of it, and knows which fields are left to others.
// Pure.
//
// Everything counts but the status and what the API server keeps itself. So a finalizer or an owner reference that is
// desired and was removed is drift, as is any field of the spec.
package drift

import (
	"maps"

	"github.com/fluxcd/pkg/ssa/jsondiff"
	"github.com/go-openapi/jsonpointer"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kept are the fields of metadata that the API server keeps by itself.
var kept = []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}

// Differs reports whether applying would change the live object, but for the fields that the JSON pointers left name.
func Differs(live, applied *unstructured.Unstructured, left []string) bool {
	return !equality.Semantic.DeepEqual(compared(live, left), compared(applied, left))
}

// compared returns the part of an object that counts. It shares what it does not change.
func compared(u *unstructured.Unstructured, left []string) map[string]any {
	if len(left) > 0 {
		u = Without(u, left)
	}
	out := maps.Clone(u.Object)
	delete(out, "status")
	if meta, ok := out["metadata"].(map[string]any); ok {
		meta = maps.Clone(meta)
		for _, field := range kept {
			delete(meta, field)
		}
		out["metadata"] = meta
	}
	return out
}

// Without returns the object that a difference shows: without managedFields, and without the fields that are left. If
// they cannot be taken out, all fields stay, and count as different.
func Without(u *unstructured.Unstructured, left []string) *unstructured.Unstructured {
	out := u.DeepCopy()
	out.SetManagedFields(nil)
	_ = jsondiff.ApplyPatchToUnstructured(out, jsondiff.GenerateRemovePatch(left...))
	return out
}

// Leave changes an object that is sent so that it leaves fields as they are: a field takes the live value, or goes if
// the live object does not have it, or if another client applies it, which would conflict with two owners. A field that
// is not sent is not taken over.
func Leave(
	sent, live *unstructured.Unstructured, left []string, theirs func(pointer string) bool,
) error {
	for _, pointer := range left {
		if _, ok := at(sent, pointer); !ok {
			continue
		}
		patch := jsondiff.GenerateRemovePatch(pointer)
		if value, ok := at(live, pointer); ok && !theirs(pointer) {
			patch = jsondiff.GenerateReplacePatch(jsondiff.ReplaceOp{Path: pointer, Value: value})
		}
		if err := jsondiff.ApplyPatchToUnstructured(sent, patch); err != nil {
			return err
		}
	}
	return nil
}

// at returns the value at a JSON pointer.
func at(u *unstructured.Unstructured, pointer string) (value any, ok bool) {
	p, err := jsonpointer.New(pointer)
	if err != nil {
		return nil, false
	}
	value, _, err = p.Get(u.Object)
	return value, err == nil
}

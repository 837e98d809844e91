// SPDX-License-Identifier: Apache-2.0

// Package drift compares a live object with what a dry run would make of it, and knows which fields are left to others.
// Pure.
//
// Everything counts but the status and what the API server keeps itself. So a finalizer or an owner reference that is
// desired and was removed is drift, as is any field of the spec.
package drift

import (
	"maps"
	"slices"
	"strconv"
	"strings"

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
	out := maps.Clone(u.Object)
	if len(left) > 0 {
		out = u.DeepCopy().Object
		for _, pointer := range left {
			remove(out, split(pointer))
		}
	}
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

// Without returns the objects that a difference shows: without managedFields, and without the fields that are left.
func Without(u *unstructured.Unstructured, left []string) *unstructured.Unstructured {
	out := u.DeepCopy()
	out.SetManagedFields(nil)
	for _, pointer := range left {
		remove(out.Object, split(pointer))
	}
	return out
}

// Leave changes an object that is sent so that it leaves fields as they are: a field takes the live value, or
// goes if the live object does not have it, or if another client applies it, which would conflict with two owners.
func Leave(sent, live *unstructured.Unstructured, left []string, theirs func(pointer string) bool) {
	for _, pointer := range left {
		path := split(pointer)
		value, ok := get(live.Object, path)
		if !ok || theirs(pointer) {
			remove(sent.Object, path)
			continue
		}
		set(sent.Object, path, value)
	}
}

// split returns the steps of a JSON pointer.
func split(pointer string) []string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps
}

// step goes one step into a value.
func step(value any, name string) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		next, ok := v[name]
		return next, ok
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}

func get(value any, path []string) (any, bool) {
	for _, name := range path {
		next, ok := step(value, name)
		if !ok {
			return nil, false
		}
		value = next
	}
	return value, true
}

// set changes a field whose parent exists.
func set(value any, path []string, to any) {
	last := len(path) - 1
	parent, ok := get(value, path[:last])
	if !ok {
		return
	}
	switch v := parent.(type) {
	case map[string]any:
		v[path[last]] = to
	case []any:
		if i, err := strconv.Atoi(path[last]); err == nil && i >= 0 && i < len(v) {
			v[i] = to
		}
	}
}

// remove deletes a field. The items after one of a list move up, as in a JSON patch.
func remove(value any, path []string) {
	last := len(path) - 1
	parent, ok := get(value, path[:last])
	if !ok {
		return
	}
	switch v := parent.(type) {
	case map[string]any:
		delete(v, path[last])
	case []any:
		if i, err := strconv.Atoi(path[last]); err == nil && i >= 0 && i < len(v) && last > 0 {
			set(value, path[:last], slices.Delete(slices.Clone(v), i, i+1))
		}
	}
}

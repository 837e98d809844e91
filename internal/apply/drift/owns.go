// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Owns reports whether a set of managed fields, in the JSON of metadata.managedFields, names the field of a JSON
// pointer into an object, or a part of it.
func Owns(fields []byte, o *unstructured.Unstructured, pointer string) bool {
	var set map[string]any
	if json.Unmarshal(fields, &set) != nil {
		return false
	}
	var value any = o.Object
	for _, name := range split(pointer) {
		next, ok := step(value, name)
		key := "f:" + name
		if _, list := value.([]any); list {
			key = keyOf(set, next)
		}
		inner, owned := set[key].(map[string]any)
		if !ok || !owned {
			return false
		}
		value, set = next, inner
	}
	return true
}

// keyOf returns the key of a set of fields that selects an item of a list: by its keys, or by its value.
func keyOf(set map[string]any, item any) string {
	for key := range set {
		var want any
		switch kind, text, _ := strings.Cut(key, ":"); {
		case kind != "k" && kind != "v" || json.Unmarshal([]byte(text), &want) != nil:
		case kind == "v" && sameJSON(want, item), kind == "k" && hasAll(item, want):
			return key
		}
	}
	return ""
}

func hasAll(item, want any) bool {
	m, ok1 := item.(map[string]any)
	keys, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		return false
	}
	for k, v := range keys {
		if !sameJSON(m[k], v) {
			return false
		}
	}
	return true
}

// sameJSON compares values whose numbers may have different types.
func sameJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"fmt"
	"maps"
	"slices"
)

// Found is a text of an object that holds a secret.
type Found struct {
	Path  string // such as spec.containers[0].env[1].value
	Token bool   // it is known by its form; otherwise its name says so
}

// Find returns where Object would take secrets out, in the order of the paths' fields. A secret in the name of a field
// counts for the field that it is in.
func Find(o map[string]any) []Found {
	var out []Found
	find(o, hideMap(o), "", func(path, text string) {
		out = append(out, Found{path, forms(text) != text || pem(text) != text})
	})
	return out
}

// find compares a value with what is left of it.
func find(v, hidden any, path string, report func(path, text string)) {
	switch v := v.(type) {
	case string:
		if hidden != any(v) {
			report(path, v)
		}
	case map[string]any:
		left, _ := hidden.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if Text(key) != key {
				report(path, key)
				continue
			}
			inner := key
			if path != "" {
				inner = path + "." + key
			}
			find(v[key], left[key], inner, report)
		}
	case []any:
		left, _ := hidden.([]any)
		for i := range v {
			if i < len(left) {
				find(v[i], left[i], fmt.Sprintf("%s[%d]", path, i), report)
			}
		}
	}
}

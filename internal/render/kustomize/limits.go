// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// maxSelector is the length limit of a text in a selector; names have at most 253 characters.
const maxSelector = 512

// maxMatching bounds the length of all regular expressions times the objects that each is matched with.
const maxMatching = 256 << 10

// selecting are the fields whose texts Kustomize compiles as regular expressions.
var selecting = []string{"patches", "patchesJson6902", "replacements", "images"}

// checkItems refuses fields that would keep Kustomize busy for long: very many items, since Kustomize matches each with
// all objects, and regular expressions that need much memory.
func (val *validator) checkItems(at Location, v *yaml.Node) error {
	if v.Kind != yaml.SequenceNode {
		return nil
	}
	if err := val.addWeight(at.File, len(v.Content)*itemWeight); err != nil {
		return err
	}
	if !slices.Contains(selecting, at.field) {
		return nil
	}
	return val.checkSelectors(at, v)
}

// checkSelectors refuses selectors that are too long or have a repetition count: a few nested x{1000} exhaust the
// memory. No name has braces.
func (val *validator) checkSelectors(at Location, v *yaml.Node) error {
	v = resolve(v)
	for i, child := range v.Content {
		inside := at
		if v.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			key := v.Content[i-1].Value
			switch { // Kustomize ignores the case of keys
			case strings.EqualFold(key, "fieldPaths"):
				val.paths += len(resolve(child).Content)
			case strings.EqualFold(key, "delimiter") && strings.Contains(strings.ToLower(at.field), ".targets"):
				// A text that is inserted into itself doubles with every replacement.
				return at.In(".%s", key).
					Refuse(child, diag.FieldNotAllowed, "use a patch, or replace the whole value", "is not allowed")
			}
			if key == "patch" || key == "path" || key == "fieldPaths" || key == "sourceValue" {
				continue // other checks cover these
			}
			inside = at.In(".%s", key)
		}
		child = resolve(child)
		if child.Kind != yaml.ScalarNode {
			if err := val.checkSelectors(inside, child); err != nil {
				return err
			}
			continue
		}
		if len(child.Value) > maxSelector || strings.Contains(child.Value, "{") || hasClass(child.Value) {
			return inside.Refuse(child, diag.TooLarge, "write it shorter, without braces and \\p", "too complex for a selector")
		}
		if strings.ContainsAny(child.Value, `*+?|([\`) {
			val.matching += len(child.Value)
		}
	}
	return nil
}

// hasClass reports whether a regular expression may have a class of Unicode, each of which makes a large program. No
// name has such characters.
func hasClass(expr string) bool { return strings.Contains(expr, `\p`) || strings.Contains(expr, `\P`) }

// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Schema is a JSON schema of draft 4, 7 or 2020-12.
type Schema struct {
	root map[string]any
}

// Parse reads a schema. It returns an error for a keyword that Check does not know.
func Parse(text []byte) (Schema, error) {
	var s Schema
	if err := json.Unmarshal(text, &s.root); err != nil {
		return s, err
	}
	return s, unknownKeyword(s.root, "#")
}

// Check returns the first fault of a document, with its path, or "". The document is JSON text.
func (s Schema) Check(document []byte) string {
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		return err.Error()
	}
	return s.value(s.root, v, "$")
}

// A keyword returns the fault of the value v at a path by the argument of the keyword, or "". in is the schema that the
// keyword stands in.
type keyword func(s Schema, in map[string]any, argument, v any, at string) string

// keywords are those that restrict values.
var keywords map[string]keyword

// annotations restrict nothing, or are read together with a keyword.
var annotations = []string{
	"$schema", "$id", "$defs", "id", "title", "description", "examples", "default", "definitions", "format", "then",
	"additionalProperties",
}

func init() { // the keywords refer to themselves
	keywords = map[string]keyword{
		"$ref":        ref,
		"type":        typeOf,
		"const":       func(_ Schema, _ map[string]any, want, v any, at string) string { return oneOf([]any{want}, v, at) },
		"enum":        func(_ Schema, _ map[string]any, want, v any, at string) string { return oneOf(want.([]any), v, at) },
		"pattern":     pattern,
		"minimum":     minimum,
		"maximum":     maximum,
		"minItems":    minItems,
		"uniqueItems": uniqueItems,
		"items":       items,
		"required":    required,
		"properties":  properties,
		"allOf":       allOf,
		"anyOf":       anyOf,
		"oneOf":       exactlyOne,
		"if":          ifThen,
	}
}

// value checks a value by one schema. Keywords are taken in order of their names, so that the fault does not vary.
func (s Schema) value(schema map[string]any, v any, at string) string {
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		if check, ok := keywords[name]; ok {
			if fault := check(s, schema, schema[name], v, at); fault != "" {
				return fault
			}
		}
	}
	return s.additional(schema, v, at)
}

// additional checks the fields that "properties" does not list.
func (s Schema) additional(schema map[string]any, v any, at string) string {
	object, _ := v.(map[string]any)
	listed, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, ok := listed[name]; ok {
			continue
		}
		switch more := schema["additionalProperties"].(type) {
		case bool:
			if !more {
				return at + "." + name + ": unknown"
			}
		case map[string]any:
			if fault := s.value(more, object[name], at+"."+name); fault != "" {
				return fault
			}
		}
	}
	return ""
}

func ref(s Schema, _ map[string]any, argument, v any, at string) string {
	folder, name, _ := strings.Cut(strings.TrimPrefix(argument.(string), "#/"), "/")
	name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	definitions, _ := s.root[folder].(map[string]any)
	definition, ok := definitions[name].(map[string]any)
	if !ok {
		return fmt.Sprintf("%s: the schema has no %s", at, argument)
	}
	if own, _ := definition["$defs"].(map[string]any); own != nil && definition["$ref"] == argument {
		// With an $id of its own, a definition is a document, and names what is inside of it.
		definition, _ = own[name].(map[string]any)
	}
	return s.value(definition, v, at)
}

func typeOf(_ Schema, _ map[string]any, argument, v any, at string) string {
	allowed, several := argument.([]any)
	if !several {
		allowed = []any{argument}
	}
	for _, name := range typesOf(v) {
		if slices.Contains(allowed, any(name)) {
			return ""
		}
	}
	return fmt.Sprintf("%s: is not of type %v", at, argument)
}

// typesOf returns the names of the types that a value has.
func typesOf(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		return []string{"object"}
	case []any:
		return []string{"array"}
	case string:
		return []string{"string"}
	case bool:
		return []string{"boolean"}
	case float64:
		if v == float64(int64(v)) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	}
	return []string{"null"}
}

func oneOf(allowed []any, v any, at string) string {
	if slices.ContainsFunc(allowed, func(a any) bool { return reflect.DeepEqual(a, v) }) {
		return ""
	}
	return fmt.Sprintf("%s: %v is not one of %v", at, v, allowed)
}

func pattern(_ Schema, _ map[string]any, argument, v any, at string) string {
	if text, ok := v.(string); ok && !regexp.MustCompile(argument.(string)).MatchString(text) {
		return fmt.Sprintf("%s: %q does not match %s", at, text, argument)
	}
	return ""
}

func minimum(_ Schema, _ map[string]any, argument, v any, at string) string {
	if n, ok := v.(float64); ok && n < argument.(float64) {
		return fmt.Sprintf("%s: %v is less than %v", at, n, argument)
	}
	return ""
}

func maximum(_ Schema, _ map[string]any, argument, v any, at string) string {
	if n, ok := v.(float64); ok && n > argument.(float64) {
		return fmt.Sprintf("%s: %v is more than %v", at, n, argument)
	}
	return ""
}

func minItems(_ Schema, _ map[string]any, argument, v any, at string) string {
	if list, ok := v.([]any); ok && float64(len(list)) < argument.(float64) {
		return fmt.Sprintf("%s: has fewer than %v items", at, argument)
	}
	return ""
}

func uniqueItems(_ Schema, _ map[string]any, argument, v any, at string) string {
	list, _ := v.([]any)
	if argument != true {
		return ""
	}
	for i := range list {
		if slices.ContainsFunc(list[:i], func(other any) bool { return reflect.DeepEqual(other, list[i]) }) {
			return fmt.Sprintf("%s[%d]: is there twice", at, i)
		}
	}
	return ""
}

func items(s Schema, _ map[string]any, argument, v any, at string) string {
	list, _ := v.([]any)
	for i, item := range list {
		if fault := s.value(argument.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i)); fault != "" {
			return fault
		}
	}
	return ""
}

func required(_ Schema, _ map[string]any, argument, v any, at string) string {
	object, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	for _, name := range argument.([]any) {
		if _, given := object[name.(string)]; !given {
			return fmt.Sprintf("%s.%s: is missing", at, name)
		}
	}
	return ""
}

func properties(s Schema, _ map[string]any, argument, v any, at string) string {
	object, _ := v.(map[string]any)
	listed := argument.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if field, given := object[name]; given {
			if fault := s.value(listed[name].(map[string]any), field, at+"."+name); fault != "" {
				return fault
			}
		}
	}
	return ""
}

func allOf(s Schema, _ map[string]any, argument, v any, at string) string {
	for _, one := range argument.([]any) {
		if fault := s.value(one.(map[string]any), v, at); fault != "" {
			return fault
		}
	}
	return ""
}

func anyOf(s Schema, _ map[string]any, argument, v any, at string) string {
	if n, last := s.matches(argument, v, at); n == 0 {
		return last
	}
	return ""
}

func exactlyOne(s Schema, _ map[string]any, argument, v any, at string) string {
	switch n, last := s.matches(argument, v, at); n {
	case 0:
		return last
	case 1:
		return ""
	default:
		return fmt.Sprintf("%s: matches %d schemas, not one", at, n)
	}
}

// matches counts the schemas of a list that accept a value, and returns the fault of the last one that does not.
func (s Schema) matches(schemas, v any, at string) (n int, last string) {
	for _, one := range schemas.([]any) {
		if fault := s.value(one.(map[string]any), v, at); fault != "" {
			last = fault
		} else {
			n++
		}
	}
	return n, last
}

func ifThen(s Schema, in map[string]any, argument, v any, at string) string {
	if s.value(argument.(map[string]any), v, at) != "" {
		return ""
	}
	return s.value(in["then"].(map[string]any), v, at)
}

// unknownKeyword returns an error that names a keyword without an implementation.
func unknownKeyword(schema map[string]any, at string) error {
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		if _, ok := keywords[name]; !ok && !slices.Contains(annotations, name) {
			return fmt.Errorf("%s/%s: the keyword is not supported", at, name)
		}
		for path, sub := range subschemas(name, schema[name]) {
			if err := unknownKeyword(sub, at+"/"+name+path); err != nil {
				return err
			}
		}
	}
	return nil
}

// subschemas returns the schemas in the argument of a keyword.
func subschemas(name string, argument any) map[string]map[string]any {
	out := map[string]map[string]any{}
	switch argument := argument.(type) {
	case map[string]any:
		switch name {
		case "properties", "definitions", "$defs":
			for key, sub := range argument {
				out["/"+key], _ = sub.(map[string]any)
			}
		case "items", "additionalProperties", "if", "then":
			out[""] = argument
		}
	case []any:
		if slices.Contains([]string{"allOf", "anyOf", "oneOf"}, name) {
			for i, sub := range argument {
				out[fmt.Sprintf("/%d", i)], _ = sub.(map[string]any)
			}
		}
	}
	return out
}

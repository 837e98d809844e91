// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"
)

// Schema describes in JSON schema (draft-07) what Decode accepts, for editors. It comes from the same struct that
// Decode fills, so that the two cannot disagree. In addition to yaml tags it reads
//
//	doc, usage  the meaning of the field; Documented has those that are too long for a tag
//	enum        the allowed values, separated by commas
//	default     the value of a field that is not set
//	need        "true": the field is required
//	number      "too": a text that may be written as a whole number without quotes
//	since       the first API version that has the field; see Without
//	known       the name of values that editors propose, beside which others are allowed; see Known
//
// Types of Kubernetes describe their fields themselves.
//
// The schema describes the struct of a Shaped value once, and refers to it.
type Schema struct {
	// Without leaves out the fields whose since tag it is.
	Without string
	// Known has the values of fields by their known tag.
	Known map[string][]string

	definitions map[string]any
}

// Documented is a struct that describes its fields in a method, because the descriptions are too long for tags.
type Documented interface {
	// Docs returns the meaning of fields by their name in YAML.
	Docs() map[string]string
}

// Definitions returns the structs that the schemas so far refer to, by the name under "definitions".
func (s *Schema) Definitions() map[string]any { return s.definitions }

// Of returns the schema of the struct that v is.
func (s *Schema) Of(v any) map[string]any { return s.value(reflect.TypeOf(v), "yaml") }

func (s *Schema) value(t reflect.Type, tag string) map[string]any {
	switch {
	case t == durationType:
		return map[string]any{
			"type":     "string",
			"pattern":  `^-?([0-9.]+(ns|us|µs|ms|s|m|h))+$`,
			"examples": []any{"30s", "5m", "1h30m"},
		}
	case tag == "json" && reflect.PointerTo(t).Implements(unmarshalerType):
		if name := t.Name(); name == "Quantity" || name == "IntOrString" {
			return map[string]any{"type": []any{"string", "number"}}
		}
		return map[string]any{"type": "string"}
	case t.Implements(reflect.TypeFor[Shaped]()):
		shape := reflect.Zero(t).Interface().(Shaped).Shape()
		return s.value(reflect.TypeOf(shape).Elem(), "json")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem(), tag)
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string"}
		}
		return map[string]any{"type": "array", "items": s.value(t.Elem(), tag)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(t.Elem(), tag)}
	case reflect.Struct:
		if tag == "json" {
			return s.reference(t)
		}
		return s.structure(t, tag)
	}
	return map[string]any{} // anything
}

// reference describes a struct once, under its name.
func (s *Schema) reference(t reflect.Type) map[string]any {
	name := t.Name()
	if s.definitions == nil {
		s.definitions = map[string]any{}
	}
	if _, known := s.definitions[name]; !known {
		s.definitions[name] = nil // a struct may hold itself
		s.definitions[name] = s.structure(t, "json")
	}
	return map[string]any{"$ref": "#/definitions/" + name}
}

func (s *Schema) structure(t reflect.Type, tag string) map[string]any {
	fields := fieldsOf(t, tag)
	properties := map[string]any{}
	docs := docsOf(t)
	var needed []any
	for _, name := range fields.names {
		f := t.FieldByIndex(fields.index[name])
		if since := f.Tag.Get("since"); since != "" && since == s.Without {
			continue
		}
		p := s.value(f.Type, tag)
		if doc := cmp.Or(f.Tag.Get("doc"), f.Tag.Get("usage"), docs[name]); doc != "" {
			p["description"] = doc
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			p["enum"] = anys(strings.Split(enum, ","))
		}
		if known := s.Known[f.Tag.Get("known")]; len(known) > 0 {
			delete(p, "type")
			p["anyOf"] = []any{map[string]any{"enum": anys(known)}, map[string]any{"type": "string"}}
		}
		if f.Tag.Get("number") == "too" {
			p["type"] = []any{"string", "integer"}
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			p["default"] = typed(text, p["type"])
		}
		if f.Tag.Get("need") == "true" {
			needed = append(needed, name)
		}
		properties[name] = p
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(needed) > 0 {
		out["required"] = needed
	}
	return out
}

// swagger is a struct of Kubernetes, which describes its fields by their name in JSON.
type swagger interface{ SwaggerDoc() map[string]string }

// docsOf returns the meaning of the fields of a struct, those of embedded structs included.
func docsOf(t reflect.Type) map[string]string {
	out := map[string]string{}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct {
			maps.Copy(out, docsOf(f.Type))
		}
	}
	switch v := reflect.Zero(t).Interface().(type) {
	case Documented:
		maps.Copy(out, v.Docs())
	case swagger:
		for name, text := range v.SwaggerDoc() {
			out[name] = firstSentence(text)
		}
	}
	return out
}

// firstSentence returns what editors have room for.
func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, t := range texts {
		out[i] = t
	}
	return out
}

// typed is the value that text stands for.
func typed(text string, kind any) any {
	switch kind {
	case "integer", "number":
		return json.Number(text)
	case "boolean":
		b, _ := strconv.ParseBool(text)
		return b
	}
	return text
}

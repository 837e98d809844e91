// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// Decode stores a node in the struct that into points to, whose fields carry yaml tags. It returns the position of
// each field, and all errors; it stores the valid fields even so.
//
// It knows string, bool, int, int64, float64, time.Duration, pointers to these, slices, maps with string keys, structs,
// and any for free-form values, which become map[string]any, []any, string, bool, int64, float64 or nil. A free-form
// map that is Shaped is checked against its shape as well.
func Decode(n *yaml.Node, into any) (Positions, []diag.Diagnostic) {
	d := &decoder{positions: Positions{}, tag: "yaml"}
	d.value(n, reflect.ValueOf(into).Elem(), "", 0)
	return d.positions, d.errs
}

// Map decodes a free-form mapping, such as a whole Kubernetes object.
func Map(n *yaml.Node) (map[string]any, []diag.Diagnostic) {
	var m map[string]any
	_, errs := Decode(n, &m)
	return m, errs
}

type decoder struct {
	positions Positions
	errs      []diag.Diagnostic
	nodes     int
	full      bool
	tag       string // of struct fields: yaml, or json while a shape is checked
}

// fail notes an error. After MaxErrors it stops: a reader cannot use more.
func (d *decoder) fail(n *yaml.Node, reason diag.Reason, field, hint, format string, args ...any) {
	e := diag.Errorf(reason, format, args...).On(field).At(n.Line, n.Column).Suggest(hint)
	switch {
	case len(d.errs) < MaxErrors:
		d.errs = append(d.errs, e)
	case len(d.errs) == MaxErrors:
		d.full = true
		d.errs = append(
			d.errs,
			diag.Errorf(diag.TooLarge, "the document has more than %d errors; syncer does not check the rest", MaxErrors).
				On(field).Placed(e.Position),
		)
	}
}

// enter counts a node, and reports whether the document is still within its limits.
func (d *decoder) enter(n *yaml.Node, field string, depth int) bool {
	d.nodes++
	switch {
	case d.full:
		return false
	case depth > MaxDepth:
		d.full = true
		d.fail(n, diag.TooLarge, field, "", "the document is nested more than %d levels deep", MaxDepth)
	case d.nodes > MaxNodes:
		d.full = true
		d.fail(
			n,
			diag.TooLarge,
			field,
			"check for aliases that repeat each other",
			"the document has more than %d values",
			MaxNodes,
		)
	}
	return !d.full
}

var durationType = reflect.TypeFor[time.Duration]()

func (d *decoder) value(n *yaml.Node, v reflect.Value, field string, depth int) {
	at := n
	n = resolve(n)
	if !d.enter(at, field, depth) {
		return
	}
	if field != "" {
		if _, ok := d.positions[field]; !ok {
			d.positions[field] = Position{at.Line, at.Column}
		}
	}
	if isNull(n) {
		return // as for Kubernetes, an explicit null is a field that is not given
	}
	switch {
	case v.Type() == durationType:
		d.duration(n, v, field)
	case d.tag == "json" && reflect.PointerTo(v.Type()).Implements(unmarshalerType):
		d.foreign(n, v, field, depth)
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.nodes--
		d.value(n, v.Elem(), field, depth)
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(d.free(n, field, depth)))
	case v.Kind() == reflect.Struct:
		d.structure(n, v, field, depth)
	case v.Kind() == reflect.Map:
		d.mapping(n, v, field, depth)
		if shaped, ok := v.Interface().(Shaped); ok && n.Kind == yaml.MappingNode {
			d.shape(n, shaped, field, depth)
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8: // bytes, in base64
		var text string
		d.scalar(n, reflect.ValueOf(&text).Elem(), field)
	case v.Kind() == reflect.Slice:
		d.sequence(n, v, field, depth)
	default:
		d.scalar(n, v, field)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, field string, depth int) {
	fields := fieldsOf(v.Type(), d.tag)
	for key, value := range d.entries(n, field, depth) {
		name := key.Value
		path := join(field, name)
		index, ok := fields.index[name]
		d.positions[path] = Position{key.Line, key.Column}
		if !ok {
			d.fail(key, diag.UnknownField, path, fields.hint(name), "unknown field %q", shorten(name))
			continue
		}
		d.value(value, v.FieldByIndex(index), path, depth+1)
	}
}

// entries yields the pairs of a mapping once each, with merge keys (<<) expanded.
func (d *decoder) entries(n *yaml.Node, field string, depth int) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			d.fail(n, diag.WrongType, field, "", "must be a mapping, not %s", describe(n))
			return
		}
		seen := map[string]*yaml.Node{}
		var merged []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := resolve(n.Content[i]), n.Content[i+1]
			switch {
			case isMerge(key):
				merged = append(merged, resolve(value))
				continue
			case key.Kind != yaml.ScalarNode:
				d.fail(key, diag.WrongType, field, templateHint(n), "a key must be text, not %s", describe(key))
				continue
			}
			if first, twice := seen[key.Value]; twice {
				d.fail(
					key,
					diag.DuplicateField,
					join(field, key.Value),
					"remove one of them",
					"field %q is given twice, first in line %d",
					shorten(key.Value),
					first.Line,
				)
				continue
			}
			seen[key.Value] = key
			if !yield(key, value) {
				return
			}
		}
		// Depth first: what a mapping itself merges comes before the next one of the list, as in every other decoder.
		for len(merged) > 0 {
			m := merged[0]
			merged = merged[1:]
			if !d.enter(m, field, depth) {
				return
			}
			switch m.Kind {
			case yaml.SequenceNode:
				merged = slices.Concat(Items(m), merged)
			case yaml.MappingNode:
				var inner []*yaml.Node
				for i := 0; i+1 < len(m.Content); i += 2 {
					key := resolve(m.Content[i])
					if isMerge(key) {
						inner = append(inner, resolve(m.Content[i+1]))
					} else if seen[key.Value] == nil {
						seen[key.Value] = key
						if !yield(key, m.Content[i+1]) {
							return
						}
					}
				}
				if len(inner) > 0 {
					merged = append(inner, merged...)
				}
			}
		}
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, field string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, diag.WrongType, field, "", "must be a mapping, not %s", describe(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range d.entries(n, field, depth) {
		if d.full {
			return
		}
		path := join(field, key.Value)
		d.positions[path] = Position{key.Line, key.Column}
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(value, elem, path, depth+1)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), elem)
	}
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, field string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.fail(
			n,
			diag.WrongType,
			field,
			"put it in a list: start the line with \"- \"",
			"must be a list, not %s",
			describe(n),
		)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, c := range n.Content {
		if d.full {
			return
		}
		d.value(c, v.Index(i), item(field, i), depth+1)
	}
}

// item is the path of an item of a list.
func item(field string, i int) string {
	if len(field) > maxPath {
		return field
	}
	return field + "[" + strconv.Itoa(i) + "]"
}

// free decodes a value of any shape into the types that JSON has.
func (d *decoder) free(n *yaml.Node, field string, depth int) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.mapping(n, reflect.ValueOf(&m).Elem(), field, depth)
		return m
	case yaml.SequenceNode:
		s := []any{}
		d.sequence(n, reflect.ValueOf(&s).Elem(), field, depth)
		return s
	}
	switch n.ShortTag() {
	case "!!bool":
		b, _ := parseBool(n.Value)
		return b
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return i
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	return n.Value // text, and what only looks like a date
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, diag.WrongType, field, templateHint(n), "must be %s, not %s", kindName(v.Kind()), describe(n))
		return
	}
	tag := n.ShortTag()
	switch v.Kind() {
	case reflect.String:
		if slices.Contains([]string{"!!int", "!!float", "!!bool"}, tag) {
			d.fail(n, diag.WrongType, field, fmt.Sprintf("quote it: %q", n.Value), "must be text, not %s", describe(n))
			return
		}
		v.SetString(n.Value)
		return
	case reflect.Bool:
		if b, ok := parseBool(n.Value); ok && tag == "!!bool" {
			v.SetBool(b)
			return
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		var i int64
		if tag == "!!int" && n.Decode(&i) == nil && !v.OverflowInt(i) {
			v.SetInt(i)
			return
		}
	case reflect.Float64:
		var f float64
		if (tag == "!!int" || tag == "!!float") && n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			v.SetFloat(f)
			return
		}
	}
	hint := ""
	if tag == "!!str" {
		if _, err := strconv.ParseFloat(n.Value, 64); err == nil && v.Kind() != reflect.Bool {
			hint = "remove the quotes"
		}
	}
	d.fail(n, diag.WrongType, field, hint, "must be %s, not %s", kindName(v.Kind()), describe(n))
}

// duration reads values such as "30s". It never overflows: time.ParseDuration refuses values that do not fit.
func (d *decoder) duration(n *yaml.Node, v reflect.Value, field string) {
	dur, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		d.fail(
			n,
			diag.WrongType,
			field,
			"write a number with a unit, such as 30s, 5m or 1h30m",
			"must be a duration, not %s",
			describe(n),
		)
		return
	}
	v.SetInt(int64(dur))
}

func parseBool(s string) (value, ok bool) {
	switch s {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// maxPath bounds the length of a field's path. Errors below it name the parent field: otherwise a file
// of long nested keys could produce paths of a thousand times its own size.
const maxPath = 400

func join(field, name string) string {
	switch {
	case len(field)+len(name) > maxPath:
		return field
	case field == "":
		return name
	}
	return field + "." + name
}

// shorten cuts text for use in a message.
func shorten(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return s
}

func kindName(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	}
	return "a number"
}

// templateHint returns what to do about {{ ... }}, which is a mapping in a mapping to YAML, or "".
func templateHint(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode {
		return renderFirst
	}
	return ""
}

// describe names the kind of a node, without its content, which may be a secret.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!str":
		return "text"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!null":
		return "null"
	}
	return "a value of type " + n.ShortTag()
}

// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// Shaped is a free-form map, such as a pod template, that is kept as it is written, but must decode into the struct
// that Shape returns a pointer to. Its fields carry json tags, as those of the Kubernetes API types do.
type Shaped interface{ Shape() any }

// shape checks a mapping against the struct behind a free-form map. The positions of its fields are known already.
func (d *decoder) shape(n *yaml.Node, s Shaped, field string, depth int) {
	check := &decoder{positions: Positions{}, tag: "json"}
	check.value(n, reflect.ValueOf(s.Shape()).Elem(), field, depth)
	for _, e := range check.errs {
		if !slices.Contains(d.errs, e) {
			d.errs = append(d.errs, e)
		}
	}
}

// Check returns where a document does not fit the struct that shape points to. Its fields carry json tags, as those of
// the Kubernetes API types do.
func Check(n *yaml.Node, shape any) []diag.Diagnostic {
	check := &decoder{positions: Positions{}, tag: "json"}
	check.value(n, reflect.ValueOf(shape).Elem(), "", 0)
	return check.errs
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// foreign decodes a value whose type reads JSON itself: quantities, numbers or text, times, durations.
func (d *decoder) foreign(n *yaml.Node, v reflect.Value, field string, depth int) {
	before := len(d.errs)
	value := d.free(n, field, depth)
	if len(d.errs) > before {
		return
	}
	name := strings.ToLower(v.Type().Name())
	if name == "quantity" && !quantity.MatchString(fmt.Sprint(value)) {
		d.fail(
			n,
			diag.WrongType,
			field,
			`write a number, with a unit if need be, such as 500m, 2 or 16Gi`,
			"must be a quantity, not %s",
			describe(n),
		)
		return
	}
	data, err := json.Marshal(value)
	if err == nil {
		err = v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(data)
	}
	if err != nil {
		d.fail(n, diag.WrongType, field, foreignHints[name], "must be %s, not %s", article(name), describe(n))
	}
}

// quantity is the grammar of Kubernetes quantities. Exponents are kept small: comparing 1e999999999 takes hours.
var quantity = regexp.MustCompile(
	`^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})(m|n|u|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,2})?$`,
)

// foreignHints describe the format of such values.
var foreignHints = map[string]string{
	"duration":    "write a number with a unit, such as 30s, 5m or 1h30m",
	"time":        "write it as 2026-01-31T12:00:00Z",
	"microtime":   "write it as 2026-01-31T12:00:00Z",
	"intorstring": `write a number, or text such as "25%"`,
}

func article(name string) string {
	switch name {
	case "intorstring":
		return "a whole number or text"
	case "microtime":
		name = "time"
	}
	return "a " + name
}

// structFields are the fields of a struct by the name they have in a file.
type structFields struct {
	index map[string][]int
	names []string // in the order in which they are declared
}

type structTag struct {
	t   reflect.Type
	tag string
}

// known holds the fields of structs that were met before: they never change, and every document needs them.
var known sync.Map // structTag -> structFields

// fieldsOf lists the fields of a struct that carry the tag; those of embedded structs without a name are its own.
func fieldsOf(t reflect.Type, tag string) structFields {
	key := structTag{t, tag}
	if f, ok := known.Load(key); ok {
		return f.(structFields)
	}
	f := listFields(t, tag)
	known.Store(key, f)
	return f
}

func listFields(t reflect.Type, tag string) structFields {
	out := structFields{index: map[string][]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(tag), ",")
		switch {
		case name == "-":
		case name == "" && f.Type.Kind() == reflect.Struct && (f.Anonymous || strings.Contains(options, "inline")):
			inner := fieldsOf(f.Type, tag)
			for _, n := range inner.names {
				out.index[n] = append([]int{i}, inner.index[n]...)
				out.names = append(out.names, n)
			}
		case name != "":
			out.index[name] = []int{i}
			out.names = append(out.names, name)
		}
	}
	return out
}

// hint suggests the known field that is closest to the unknown one.
func (s structFields) hint(name string) string {
	if meant := Suggest(name, s.names); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	const most = 20
	names := s.names
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "...")
	}
	return "known fields: " + strings.Join(names, ", ")
}

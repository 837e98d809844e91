// SPDX-License-Identifier: Apache-2.0

package document

import (
	"reflect"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/strictyaml"
)

// TestDocsNameFields checks that each description of a method Docs is the only one of an existing field.
func TestDocsNameFields(t *testing.T) {
	var visit func(reflect.Type)
	seen := map[reflect.Type]bool{}
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		undescribed := map[string]bool{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			undescribed[name] = f.Tag.Get("doc") == ""
			visit(f.Type)
		}
		if d, ok := reflect.Zero(typ).Interface().(strictyaml.Documented); ok {
			for name := range d.Docs() {
				if !undescribed[name] {
					t.Errorf("%s has no field %q without a tag doc", typ.Name(), name)
				}
			}
		}
	}
	visit(reflect.TypeFor[document]())
	visit(reflect.TypeFor[setDocument]())
	if len(seen) < 10 {
		t.Errorf("only %d structs visited", len(seen))
	}
}

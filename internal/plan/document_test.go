// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// fieldsOf lists the paths of all fields of a JSON document: "workspaces[].before.model".
func fieldsOf(t reflect.Type, path string) []string {
	switch {
	case t == reflect.TypeFor[diag.Diagnostic](), t == reflect.TypeFor[capacity.VerdictDocument]():
		return nil // of "validate" and "size"
	case t.Kind() == reflect.Pointer:
		return fieldsOf(t.Elem(), path)
	case t.Kind() == reflect.Slice:
		return fieldsOf(t.Elem(), path+"[]")
	case t.Kind() != reflect.Struct:
		return nil
	}
	var out []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		field := strings.TrimPrefix(path+"."+name, ".")
		out = append(append(out, field), fieldsOf(t.Field(i).Type, field)...)
	}
	return out
}

// TestDocumentation compares docs/plan.md with the fields of the JSON document, both ways. The values before and after
// have one row each: "before" and "after" hold the same fields.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## JSON")
	fields, _, _ := strings.Cut(table, "### Findings")
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| \\S").FindAllStringSubmatch(fields, -1) {
		rows = append(rows, m[1])
	}
	want := slices.DeleteFunc(fieldsOf(reflect.TypeFor[document](), ""), func(f string) bool {
		return strings.HasPrefix(f, "workspaces[].after.")
	})
	for _, f := range want {
		if !slices.Contains(rows, f) {
			t.Errorf("docs/plan.md does not describe %s", f)
		}
	}
	for _, f := range rows {
		if !slices.Contains(want, f) {
			t.Errorf("docs/plan.md describes %s, which no document has", f)
		}
	}
	for _, kind := range FindingKinds() {
		if !strings.Contains(table, "`"+string(kind)+"`") {
			t.Errorf("docs/plan.md does not describe the finding %s", kind)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package strictyaml_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/strictyaml"
)

// TestOrigin: a place in the text of a literal block is a place in its file.
func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		name, file   string
		line, column int // of the letter x in the text
		want         strictyaml.Position
	}{
		{"block", "data:\n  key: |\n    a: 1\n    b:\n      x: 2\n", 3, 3, strictyaml.Position{Line: 5, Column: 7}},
		{"kept end, comment", "data:\n  key: |+ # settings\n      x: 1\n\n", 1, 1, strictyaml.Position{Line: 3, Column: 7}},
		{"blank lines first", "data:\n  key: |\n\n\n    x: 1\n", 3, 1, strictyaml.Position{Line: 5, Column: 5}},
		{"stated indentation", "data:\n  key: |2\n      x: 1\n", 1, 3, strictyaml.Position{Line: 3, Column: 7}},
		{"line ends of Windows", "data:\r\n  key: |\r\n    x: 1\r\n", 1, 1, strictyaml.Position{Line: 3, Column: 5}},
		{"after another document", "a: 1\n---\ndata:\n  key: |\n    x: 1\n", 1, 1, strictyaml.Position{Line: 5, Column: 5}},
		{"folded: where it begins", "data:\n  key: >\n    a\n\n    x: 1\n", 2, 1, strictyaml.Position{Line: 2, Column: 8}},
		{"quoted", "data: {key: \"a: 1\\nx: 2\"}\n", 2, 1, strictyaml.Position{Line: 1, Column: 13}},
		{"the whole text", "data:\n  key: |\n    x: 1\n", 0, 0, strictyaml.Position{Line: 2, Column: 8}},
	} {
		docs, syntax := strictyaml.Documents([]byte(tt.file))
		if syntax != nil {
			t.Fatal(syntax)
		}
		n := strictyaml.Field(strictyaml.Field(docs[len(docs)-1], "data"), "key")
		if got := strictyaml.OriginOf(n, strings.Split(tt.file, "\n")).At(tt.line, tt.column); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if at := (strictyaml.Origin{}).At(3, 4); at != (strictyaml.Position{}) {
		t.Errorf("without a file: %v", at)
	}
}

// SPDX-License-Identifier: Apache-2.0

package header_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace/header"
)

// TestHeader: a document and the object that is decoded of it have one header.
func TestHeader(t *testing.T) {
	docs, d := strictyaml.Documents([]byte("metadata: {name: a, namespace: b}\nkind: Kind\napiVersion: g/v1\n"))
	if d != nil || len(docs) != 1 {
		t.Fatal(d)
	}
	want := header.Header{APIVersion: "g/v1", Kind: "Kind", Name: "a", Namespace: "b"}
	if got := header.Of(docs[0]); got != want {
		t.Errorf("of the document: %+v", got)
	}
	content, errs := strictyaml.Map(docs[0])
	if got := header.In(content); got != want || len(errs) > 0 {
		t.Errorf("in the object: %+v, %v", got, errs)
	}
	if got := header.In(map[string]any{"kind": 1, "metadata": "a"}); got != (header.Header{}) {
		t.Errorf("in an object of other types: %+v", got)
	}
}

// TestNameProblems: each problem is at its name, and shows no control character.
func TestNameProblems(t *testing.T) {
	text := "kind: Kind\nmetadata:\n  name: \"a\\e[31m" + strings.Repeat("b", 300) + "\"\n  namespace: B\n"
	docs, d := strictyaml.Documents([]byte(text))
	if d != nil || len(docs) != 1 {
		t.Fatal(d)
	}
	got := header.Of(docs[0]).NameProblems(docs[0])
	if len(got) != 2 || got[0].Line != 3 || got[0].Column != 9 || got[1].Line != 4 ||
		got[1].Field != "metadata.namespace" {
		t.Fatalf("%+v", got)
	}
	if m := got[0].Message; strings.Contains(m, "\x1b") || len(m) > 150 {
		t.Errorf("%q", m)
	}
	if got := (header.Header{}).NameProblems(docs[0]); len(got) > 0 {
		t.Errorf("names that are not given: %v", got)
	}
}

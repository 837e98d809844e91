// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// TestAmbiguous lists what two decoders could read differently. None of it gets as far as a decoder.
func TestAmbiguous(t *testing.T) {
	for text, want := range map[string]string{
		"a: &kind <<\n*kind : ConfigMap":                   "2:1: a key must not be an alias",
		"a: &k kind\n*k : ConfigMap":                       "2:1: a key must not be an alias",
		"a: &k kind\nb: {*k : ConfigMap}":                  "2:5: a key must not be an alias",
		"a: &k kind\n? *k\n: ConfigMap":                    "2:3: a key must not be an alias",
		"!!merge <<: {kind: A}":                            "1:1: a key must not have a tag",
		"!!merge kind: A":                                  "1:1: a key must not have a tag",
		"!<tag:yaml.org,2002:merge> <<: {kind: A}":         "1:1: a key must not have a tag",
		"!<tag:yaml.org,2002:merge> kind: {kind: A}":       "1:1: a key must not have a tag",
		"%TAG !e! tag:yaml.org,2002:\n---\n!e!merge a: {}": "3:1: a key must not have a tag",
		"!!str <<: A":                                      "1:1: a key must not have a tag",
		"!!binary a2luZA==: A":                             "1:1: a key must not have a tag",
		"!x kind: A":                                       "1:1: a key must not have a tag",
		"! <<: {kind: A}":                                  "1:1: the merge key must be written as a bare <<",
		"\"<<\": {kind: A}":                                "1:1: the merge key must be written as a bare <<",
		"'<<': {kind: A}":                                  "1:1: the merge key must be written as a bare <<",
		"? |-\n  <<\n: A":                                  "1:3: the merge key must be written as a bare <<",
		"&k <<: {kind: A}":                                 "1:1: a key must not have an anchor",
		"&k kind: A":                                       "1:1: a key must not have an anchor",
		"<<: A":                                            "1:5: only mappings can be merged (<<), not text",
		"<<:":                                              "only mappings can be merged (<<), not null",
		"<<: [{a: b}, c]":                                  "1:14: only mappings can be merged (<<), not text",
		"<<: [[{a: b}]]":                                   "1:6: only mappings can be merged (<<), not a list",
		"a: &a x\n<<: *a":                                  "2:5: only mappings can be merged (<<), not text",
		"a: &a [{b: c}]\n<<: [*a]":                         "2:6: only mappings can be merged (<<), not a list",
		"<<: {a: b}\n<<: {c: d}":                           "2:1: the merge key << is given twice",
		"? [a]\n: b":                                       "1:3: a key must be text, not a list",
		"{{ .x }}: b":                                      "a key must be text, not a mapping",
		"? {a: b}\n: c":                                    "1:3: a key must be text, not a mapping",
		"~: a":                                             "1:1: a key must not be null",
		"null: a":                                          "1:1: a key must not be null",
		"0x10: a":                                          `1:1: a key must be text, not a number (quote it: "0x10")`,
		"1.0: a":                                           `1:1: a key must be text, not a number (quote it: "1.0")`,
		"True: a":                                          `1:1: a key must be text, not true or false (quote it: "True")`,
		"kind: !!binary Q29uZmlnTWFw":                      "1:7: the tag !!binary is not supported",
		"kind: !!null Secret":                              "1:7: the tag !!null is not supported",
		"kind: !!int Secret":                               "1:7: the tag !!int is not supported",
		"kind: !!bool Secret":                              "1:7: the tag !!bool is not supported",
		"kind: !!merge <<":                                 "1:7: the tag !!merge is not supported",
		"kind: !Secret ConfigMap":                          "1:7: the tag !Secret is not supported",
		"metadata: !!set {a}":                              "1:11: the tag !!set is not supported",
		"metadata: !!omap [{a: b}]":                        "1:11: the tag !!omap is not supported",
		"metadata: !!str {a: b}":                           "1:11: the tag !!str is not supported",
		"a: 1\n---\nb: &b <<\nc: {*b : d}":                 "4:5: a key must not be an alias",
		"version https://git-lfs.github.com/spec/v1\noid x": "1:1: the file is a pointer of Git LFS",
		"\xff\xfek\x00:\x00 \x00a\x00":                      "1:1: the file is UTF-16",
	} {
		docs, err := Documents([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || err.Line < 1 {
			t.Errorf("%q: %v, error %v\nwant %s", text, docs, err, want)
		}
	}
}

// TestOrdinary: what people write stays legal, and every decoder reads it in the same way.
func TestOrdinary(t *testing.T) {
	for _, text := range []string{
		"base: &b {kind: A}\n<<: *b\nname: x",
		"a: &a {x: 1, v: 1}\nb: &b {v: 2, z: 2}\nc:\n  <<: [*a, *b]\n  z: 3",
		"a: &a {x: 1}\nb: &b {<<: *a, v: 2}\nd: &d {x: 9, v: 9}\nc: {<<: [*b, *d]}",
		"- &b\n  x: 1\n- <<: *b\n  v: 2",
		"\"ü\": {<<: {a: b}}", "ü: {<<: {a: b}}", "? kind\n: A", "? <<\n: {a: b}", "1: a\n1.5: b\ntrue: c", "\"kind\": A",
		"{\"kind\":\"A\",\"n\":[1,2.5,null,true]}", "a: !!str 1\nb: !!int 2\nc: !!map {d: !!seq [e]}", "a: &x 1\nb: *x",
	} {
		docs, err := Documents([]byte(text))
		if err != nil || len(docs) != 1 {
			t.Errorf("%q: %v", text, err)
			continue
		}
		agree(t, text, docs[0])
		expanded, errs := Expand(docs[0])
		if len(errs) > 0 || !IsPlain(expanded) {
			t.Errorf("%q: expanded %v, errors %v", text, expanded, errs)
			continue
		}
		again, failed := yaml.Marshal(expanded)
		if failed != nil {
			t.Fatal(failed)
		}
		agree(t, string(again), docs[0])
	}
}

// agree compares how a document is decoded here and by the decoders of others.
func agree(t *testing.T, text string, doc *yaml.Node) {
	t.Helper()
	ours, errs := Value(doc)
	if len(errs) > 0 {
		t.Errorf("%q: %v", text, errs)
		return
	}
	mine, err := sigsyaml.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	var v2 any
	if err := sigsyaml.Unmarshal([]byte(text), &v2); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	theirs, err := sigsyaml.Marshal(v2)
	if diff := cmp.Diff(string(mine), string(theirs)); err != nil || diff != "" {
		t.Errorf("%q: sigs.k8s.io/yaml reads it differently: %v\n%s", text, err, diff)
	}
}

func TestField(t *testing.T) {
	docs, err := Documents([]byte("base: &b {kind: A, metadata: {name: n}}\nname: &n x\nalias: *n\n<<: *b\n"))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"kind": "A", "alias": "x", "none": "", "metadata": ""} {
		if got := Text(Field(docs[0], field)); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

// TestExpandedMergeKeyAsValue: a << that is a value is text, and is written so that no decoder takes it for a merge
// key.
func TestExpandedMergeKeyAsValue(t *testing.T) {
	for _, text := range []string{"a: <<\n", "a: [<<]\n", "a: &x <<\nb: *x\n", "a: !!str <<\n", "a: '<<'\n"} {
		docs, syntax := Documents([]byte(text))
		if syntax != nil {
			t.Fatalf("%q: %v", text, syntax)
		}
		before, _ := Value(docs[0])
		expanded, errs := Expand(docs[0])
		if len(errs) > 0 {
			t.Fatalf("%q: %v", text, errs)
		}
		out, err := yaml.Marshal(expanded)
		if err != nil {
			t.Fatal(err)
		}
		again, syntax := Documents(out)
		if syntax != nil || !IsPlain(again...) {
			t.Errorf("%q is written as %q, %v", text, out, syntax)
			continue
		}
		after, _ := Value(again[0])
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

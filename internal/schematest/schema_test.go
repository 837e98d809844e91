// SPDX-License-Identifier: Apache-2.0

package schematest_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/schematest"
)

const schema = `{
  "type": "object",
  "required": ["name"],
  "additionalProperties": false,
  "properties": {
    "name": {"$ref": "#/definitions/a~1b"},
    "short": {"$ref": "#/$defs/short"},
    "own": {"$ref": "#/$defs/own"},
    "kind": {"const": "X"},
    "level": {"enum": ["low", "high"]},
    "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
    "list": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string"}},
    "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "place": {"anyOf": [{"required": ["line"]}, {"required": ["offset"]}]},
    "one": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
  },
  "allOf": [{"if": {"required": ["kind"]}, "then": {"required": ["level"]}}],
  "$defs": {
    "own": {"$id": "own", "$ref": "#/$defs/own", "$defs": {"own": {"type": "integer"}}},
    "short": {"enum": ["a", "b"]}},
  "definitions": {"a/b": {"type": "string", "pattern": "^[a-z]+$"}}
}`

func TestCheck(t *testing.T) {
	s, err := schematest.Parse([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ document, want string }{
		{`{"name": "a"}`, ""},
		{`{"name": "a", "kind": "X", "level": "low", "count": null, "list": ["a"], "map": {"x": true}}`, ""},
		{`{"name": "a", "place": {"line": 1, "offset": 1}, "one": {"a": 1}}`, ""},
		{`{"name": "a", "short": "b", "own": 1}`, ""},
		{`{"name": "a", "own": "1"}`, "$.own: is not of type integer"},
		{`{"name": "a", "short": "c"}`, "$.short: c is not one of [a b]"},
		{`{`, "unexpected end"},
		{`[]`, "$: is not of type object"},
		{`{}`, "$.name: is missing"},
		{`{"name": "A"}`, `$.name: "A" does not match`},
		{`{"name": 1}`, "$.name: is not of type string"},
		{`{"name": "a", "extra": 1}`, "$.extra: unknown"},
		{`{"name": "a", "kind": "Y", "level": "low"}`, "$.kind: Y is not one of"},
		{`{"name": "a", "kind": "X"}`, "$.level: is missing"},
		{`{"name": "a", "level": "mid"}`, "$.level: mid is not one of"},
		{`{"name": "a", "count": 0}`, "$.count: 0 is less than 1"},
		{`{"name": "a", "count": 10}`, "$.count: 10 is more than 9"},
		{`{"name": "a", "count": 1.5}`, "$.count: is not of type"},
		{`{"name": "a", "list": []}`, "$.list: has fewer than 1 items"},
		{`{"name": "a", "list": ["a", "b", "a"]}`, "$.list[2]: is there twice"},
		{`{"name": "a", "list": [1]}`, "$.list[0]: is not of type string"},
		{`{"name": "a", "map": {"x": 1}}`, "$.map.x: is not of type boolean"},
		{`{"name": "a", "place": {}}`, "$.place.offset: is missing"},
		{`{"name": "a", "one": {}}`, "$.one.b: is missing"},
		{`{"name": "a", "one": {"a": 1, "b": 1}}`, "$.one: matches 2 schemas"},
	} {
		got := s.Check([]byte(test.document))
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.document, got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{`, "unexpected end"},
		{`{"not": {}}`, "#/not: the keyword is not supported"},
		{`{"properties": {"x": {"anyOf": [{"maxLength": 1}]}}}`, "#/properties/x/anyOf/0/maxLength"},
	} {
		if _, err := schematest.Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.text, err, test.want)
		}
	}
	s, err := schematest.Parse([]byte(`{"$ref": "#/definitions/x"}`))
	if got := s.Check([]byte("1")); err != nil || !strings.Contains(got, "the schema has no #/definitions/x") {
		t.Errorf("got %q, %v", got, err)
	}
}

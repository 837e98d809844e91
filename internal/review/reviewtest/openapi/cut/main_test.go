// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const whole = `{"swagger": "2.0", "info": {"title": "t"}, "securityDefinitions": {},
"paths": {
	"/a": {"get": {"tags": ["x"], "summary": "says", "responses": {"200": {"$ref": "#/responses/A"}}}, "put": {}},
	"/b": {"get": {"responses": {"200": {"$ref": "#/responses/B"}}}}},
"responses": {"A": {"description": "an A", "schema": {"$ref": "#/definitions/A"}}, "B": {"description": "a B"}},
"definitions": {
	"A": {"type": "object", "description": "text", "x-go-name": "A", "properties": {
		"description": {"type": "string", "description": "text"}, "next": {"$ref": "#/definitions/A"}}},
	"B": {"type": "object"}}}`

func TestCut(t *testing.T) {
	var document map[string]any
	if err := json.Unmarshal([]byte(whole), &document); err != nil {
		t.Fatal(err)
	}
	part, err := cut(document, []string{"GET /a"})
	if err != nil {
		t.Fatal(err)
	}
	const expected = `{"swagger": "2.0", "info": {"title": "t"},
	"paths": {"/a": {"get": {"summary": "says", "responses": {"200": {"$ref": "#/responses/A"}}}}},
	"responses": {"A": {"description": "an A", "schema": {"$ref": "#/definitions/A"}}},
	"definitions": {"A": {"type": "object", "properties": {
		"description": {"type": "string"}, "next": {"$ref": "#/definitions/A"}}}}}`
	var want map[string]any
	if err := json.Unmarshal([]byte(expected), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, part); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := cut(document, []string{"POST /a"}); err == nil || !strings.Contains(err.Error(), "POST /a") {
		t.Errorf("error %v for an operation that does not exist", err)
	}
}

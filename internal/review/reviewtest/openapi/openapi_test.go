// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review/reviewtest/openapi"
)

const swagger = `{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "basePath": "{{.}}/api",
"consumes": ["application/json"], "produces": ["application/json"],
"paths": {"/statuses/{sha}": {"post": {
	"parameters": [
		{"name": "sha", "in": "path", "required": true, "type": "string"},
		{"name": "dry", "in": "query", "type": "boolean"},
		{"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Status"}}],
	"responses": {"201": {"description": "made", "schema": {"$ref": "#/definitions/Status"}}}}}},
"definitions": {"Status": {"type": "object", "required": ["state"], "properties": {
	"state": {"type": "string", "enum": ["pending", "success"]}, "context": {"type": "string"}}}}}`

// recorder notes failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestRequestsAreChecked(t *testing.T) {
	for name, c := range map[string]struct{ method, url, body, answer, want string }{
		"allowed":         {"POST", "/api/statuses/1?dry=true", `{"state":"success"}`, `{"state":"success"}`, ""},
		"undocumented":    {"POST", "/api/statuses/1?quirk=1", `{"state":"success"}`, `{"state":"success"}`, ""},
		"path":            {"POST", "/api/status/1", `{"state":"success"}`, "", "no matching operation"},
		"base":            {"POST", "/statuses/1", `{"state":"success"}`, "", "no matching operation"},
		"method":          {"PUT", "/api/statuses/1", `{"state":"success"}`, "", "method not allowed"},
		"query":           {"POST", "/api/statuses/1?genre=x", `{"state":"success"}`, "", "no query parameter genre"},
		"unknown field":   {"POST", "/api/statuses/1", `{"state":"success","genre":"x"}`, "", `"genre" is unsupported`},
		"missing field":   {"POST", "/api/statuses/1", `{}`, "", `"state" is missing`},
		"value":           {"POST", "/api/statuses/1", `{"state":"succeeded"}`, "", "not one of the allowed values"},
		"type":            {"POST", "/api/statuses/1?dry=maybe", `{"state":"success"}`, "", `parameter "dry"`},
		"wrong answer":    {"POST", "/api/statuses/1", `{"state":"success"}`, `{"state":1}`, "answer of the emulator"},
		"too little said": {"POST", "/api/statuses/1", `{"state":"success"}`, `{}`, "answer of the emulator"},
	} {
		d, err := openapi.Load([]byte(swagger), "/api")
		if err != nil {
			t.Fatal(err)
		}
		d.Answers = true
		d.Undocumented = map[string][]string{"POST /statuses/{sha}": {"quirk"}}
		served := false
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			served = true
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, c.answer)
		})
		failures := &recorder{TB: t}
		r := httptest.NewRequest(c.method, c.url, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		d.Check(failures, next).ServeHTTP(w, r)
		got := strings.Join(failures.failures, "\n")
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: reported %q, want %q", name, got, c.want)
		}
		if served != (c.answer != "") {
			t.Errorf("%s: served: %v", name, served)
		}
	}
}

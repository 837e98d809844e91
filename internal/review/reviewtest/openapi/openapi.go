// SPDX-License-Identifier: Apache-2.0

// Package openapi checks the requests to an emulator of a forge, and its answers, against the description that the
// forge has published. A field, a parameter or a path that the forge does not have fails the test.
package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Document is an OpenAPI 2 or 3 document.
type Document struct {
	router routers.Router
	// Undocumented are query parameters that an SDK sends though the document does not have them, and that the server
	// ignores: by operation, such as "GET /user".
	Undocumented map[string][]string
	// Answers says that answers of success are checked too.
	Answers bool
}

// Load reads a document, in JSON or an OpenAPI 3 document in YAML, whose paths begin at base, such as "/api/v1".
func Load(data []byte, base string) (*Document, error) {
	document, err := parse(data)
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: base}}
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			if body := operation.RequestBody; body != nil && body.Value != nil {
				for _, media := range body.Value.Content {
					closed(media.Schema, map[*openapi3.Schema]bool{})
				}
			}
		}
	}
	d := &Document{}
	d.router, err = gorillamux.NewRouter(document)
	return d, err
}

func parse(data []byte) (*openapi3.T, error) {
	var kind struct{ Swagger string }
	if err := json.Unmarshal(data, &kind); err != nil || kind.Swagger == "" {
		return openapi3.NewLoader().LoadFromData(data)
	}
	var old openapi2.T
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, err
	}
	old.BasePath, old.Host = "", "" // may be a template
	return openapi2conv.ToV3(&old)
}

// closed makes unknown fields of requests errors: JSON Schema allows them, and servers ignore them.
func closed(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	open := s.AdditionalProperties.Schema == nil && s.AdditionalProperties.Has == nil
	if len(s.Properties) > 0 && len(s.AllOf) == 0 && open {
		no := false
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		closed(p, seen)
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, e := range list {
			closed(e, seen)
		}
	}
	closed(s.Items, seen)
}

// Check returns a handler that hands requests to next, and reports to t those that the document does not allow.
func (d *Document) Check(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		input, err := d.request(r)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
			http.Error(w, "the description of the API does not allow this request", http.StatusTeapot)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if d.Answers && answer.Code < 300 {
			if err := d.answer(r.Context(), input, answer); err != nil {
				t.Errorf("answer of the emulator to %s %s: %v", r.Method, r.URL, err)
			}
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the client may be gone
	})
}

// Operation returns the operation of a request as the document names it, such as "GET /repos/{owner}", and the
// parameters in its path.
func (d *Document) Operation(r *http.Request) (name string, parameters map[string]string, err error) {
	route, parameters, err := d.router.FindRoute(r)
	if err != nil {
		return "", nil, err
	}
	for name, value := range parameters { // escaped: a slash in a parameter is none between segments
		if parameters[name], err = url.PathUnescape(value); err != nil {
			return "", nil, err
		}
	}
	return route.Method + " " + route.Path, parameters, nil
}

// request checks a request, whose body can be read again afterwards.
func (d *Document) request(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, parameters, err := d.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	known := slices.Clone(d.Undocumented[route.Method+" "+route.Path])
	for _, list := range []openapi3.Parameters{route.PathItem.Parameters, route.Operation.Parameters} {
		for _, p := range list {
			if p.Value != nil && p.Value.In == "query" {
				known = append(known, p.Value.Name)
			}
		}
	}
	for name := range r.URL.Query() {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no query parameter %s; known are %s", name, strings.Join(known, ", "))
		}
	}
	if len(body) > 0 && route.Operation.RequestBody == nil {
		return nil, errors.New("the operation has no body")
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	}
	err = openapi3filter.ValidateRequest(r.Context(), input)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return input, err
}

func (d *Document) answer(
	ctx context.Context, input *openapi3filter.RequestValidationInput, answer *httptest.ResponseRecorder,
) error {
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
		Body:    io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Description is an OpenAPI description.
type Description struct{ doc *openapi3.T }

// Describe reads a description.
func Describe(data []byte) (*Description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI description: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the OpenAPI description: %w", err)
	}
	return &Description{doc: doc}, nil
}

// Operation is an operation of the description, with the parameters in the path.
type Operation struct {
	Name   string // METHOD PATH, as the description has it
	Params map[string]string
	route  *routers.Route
}

// find returns the operation of a request, nil if there is none. Segments of the path are compared as they are escaped,
// because GitLab has projects with an escaped slash in one segment.
func (d *Description) find(r *http.Request, prefix string) *Operation {
	escaped, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !ok {
		return nil
	}
	got := strings.Split(escaped, "/")
	for path, item := range d.doc.Paths.Map() {
		want, op := strings.Split(path, "/"), item.GetOperation(r.Method)
		if len(want) != len(got) || op == nil {
			continue
		}
		params := map[string]string{}
		same := true
		for i, segment := range want {
			if strings.HasPrefix(segment, "{") {
				value, err := url.PathUnescape(got[i])
				params[strings.Trim(segment, "{}")], same = value, same && err == nil && value != ""
				continue
			}
			same = same && segment == got[i]
		}
		if same {
			return &Operation{
				Name:   r.Method + " " + path,
				Params: params,
				route:  &routers.Route{Spec: d.doc, Path: path, PathItem: item, Method: r.Method, Operation: op},
			}
		}
	}
	return nil
}

// check returns what is wrong with a request.
func (d *Description) check(r *http.Request, op *Operation) (*openapi3filter.RequestValidationInput, error) {
	for name := range r.URL.Query() {
		known := func(p *openapi3.ParameterRef) bool { return p.Value.In == "query" && p.Value.Name == name }
		if !slices.ContainsFunc(op.route.Operation.Parameters, known) {
			return nil, fmt.Errorf("there is no query parameter %q", name)
		}
	}
	if r.Method != http.MethodGet && r.ContentLength != 0 && op.route.Operation.RequestBody == nil {
		return nil, fmt.Errorf("the operation has no body")
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: op.Params, Route: op.route}
	return in, openapi3filter.ValidateRequest(r.Context(), in)
}

// checkAnswer returns what is wrong with an answer. Errors and empty answers are not described.
func checkAnswer(in *openapi3filter.RequestValidationInput, w *httptest.ResponseRecorder) error {
	if w.Code >= 300 {
		return nil
	}
	return openapi3filter.ValidateResponse(in.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 w.Code,
		Header:                 w.Header(),
		Body:                   io.NopCloser(bytes.NewReader(w.Body.Bytes())),
	})
}

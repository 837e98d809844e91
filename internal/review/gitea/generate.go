// SPDX-License-Identifier: Apache-2.0

//go:build ignore

// This program cuts Gitea's description of its API (Swagger 2.0, MIT licence) to the operations that the adapter uses,
// and translates it to OpenAPI 3:
//
//	go run generate.go $(go mod download -json code.gitea.io/gitea@v1.26.0 | jq -r .Dir)
//
// Texts go. Objects with properties may have no others, in requests and in answers, so that a field that does not exist
// is an error.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// operations are what the adapter uses.
var operations = []string{
	"GET /user",
	"GET /repos/{owner}/{repo}/pulls",
	"GET /repos/{owner}/{repo}/pulls/{index}",
	"GET /repos/{owner}/{repo}/issues/{index}/comments",
	"POST /repos/{owner}/{repo}/issues/{index}/comments",
	"GET /repos/{owner}/{repo}/issues/comments/{id}",
	"PATCH /repos/{owner}/{repo}/issues/comments/{id}",
	"GET /repos/{owner}/{repo}/commits/{ref}/statuses",
	"POST /repos/{owner}/{repo}/statuses/{sha}",
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go FOLDER-OF-THE-MODULE")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(module string) error {
	data, err := os.ReadFile(filepath.Join(module, "templates", "swagger", "v1_json.tmpl"))
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(data, &document); err != nil {
		return err
	}
	part, err := cut(document)
	if err != nil {
		return err
	}
	if data, err = json.Marshal(part); err != nil {
		return err
	}
	var old openapi2.T
	if err := json.Unmarshal(data, &old); err != nil {
		return err
	}
	converted, err := openapi2conv.ToV3(&old)
	if err != nil {
		return err
	}
	converted.Servers = nil
	for _, s := range converted.Components.Schemas {
		closed(s.Value)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(converted); err != nil {
		return err
	}
	return os.WriteFile("testdata/openapi.json", out.Bytes(), 0o644)
}

// closed forbids fields that are not described.
func closed(s *openapi3.Schema) {
	no := false
	if len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = &no
	}
}

// cut returns a document with the operations and all that they refer to.
func cut(document map[string]any) (map[string]any, error) {
	info, _ := document["info"].(map[string]any)
	info["version"] = "1.26.0"
	part := map[string]any{"info": info}
	for _, key := range []string{"swagger", "consumes", "produces"} {
		part[key] = document[key]
	}
	for _, operation := range operations {
		method, path, _ := strings.Cut(operation, " ")
		place := []string{"paths", path, strings.ToLower(method)}
		o := get(document, place)
		if o == nil {
			return nil, fmt.Errorf("there is no operation %s", operation)
		}
		set(part, place, o)
	}
	trim(part["paths"])
	return part, follow(document, part, part["paths"])
}

// follow copies what value refers to, and what that refers to.
func follow(document, part map[string]any, value any) error {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			if err := follow(document, part, e); err != nil {
				return err
			}
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			return copyTo(document, part, ref)
		}
		for _, e := range v {
			if err := follow(document, part, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyTo(document, part map[string]any, ref string) error {
	path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	if get(part, path) != nil {
		return nil
	}
	v := get(document, path)
	if v == nil {
		return fmt.Errorf("there is no %s", ref)
	}
	trim(v)
	set(part, path, v)
	return follow(document, part, v)
}

func get(m map[string]any, path []string) any {
	var v any = m
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func set(m map[string]any, path []string, v any) {
	for _, key := range path[:len(path)-1] {
		next, ok := m[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[key] = next
		}
		m = next
	}
	m[path[len(path)-1]] = v
}

// trim removes what a check does not need. A response must have its description.
func trim(value any) {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			trim(e)
		}
	case map[string]any:
		for key, e := range v {
			_, text := e.(string)
			_, typed := v["type"]
			_, named := v["in"]
			if strings.HasPrefix(key, "x-") || key == "tags" || text && key == "description" && (typed || named) {
				delete(v, key)
				continue
			}
			trim(e)
		}
	}
}

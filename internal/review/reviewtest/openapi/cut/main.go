// SPDX-License-Identifier: Apache-2.0

// Command cut prints the part of an OpenAPI 2 or 3 document that some operations need:
//
//	cut FILE "GET /user" "POST /repos/{owner}/{repo}/statuses/{sha}" > part.json
//
// The whole documents of forges have megabytes. Descriptions of fields and extensions are left out.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, `usage: cut FILE "METHOD PATH"...`)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "cut:", err)
		os.Exit(2)
	}
}

func run(file string, operations []string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	part, err := cut(document, operations)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	return out.Encode(part)
}

// cut returns a document with the operations and all that they refer to.
func cut(document map[string]any, operations []string) (map[string]any, error) {
	part := map[string]any{}
	for _, key := range []string{"swagger", "openapi", "info", "basePath", "consumes", "produces", "schemes"} {
		if v, ok := document[key]; ok {
			part[key] = v
		}
	}
	paths, _ := document["paths"].(map[string]any)
	for _, operation := range operations {
		method, path, _ := strings.Cut(operation, " ")
		item, _ := paths[path].(map[string]any)
		o, ok := item[strings.ToLower(method)]
		if !ok {
			return nil, fmt.Errorf("there is no operation %s", operation)
		}
		set(part, []string{"paths", path, strings.ToLower(method)}, o)
		if shared, ok := item["parameters"]; ok {
			set(part, []string{"paths", path, "parameters"}, shared)
		}
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

// trim removes what a check of requests does not need. A response must have its description.
func trim(value any) {
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			trim(e)
		}
	case map[string]any:
		_, response := v["schema"]
		_, named := v["in"]
		for key, e := range v {
			_, text := e.(string)
			unused := slices.Contains([]string{"description", "summary"}, key) && text && (!response || named)
			if _, typed := v["type"]; strings.HasPrefix(key, "x-") || unused && (typed || named) || key == "tags" {
				delete(v, key)
				continue
			}
			trim(e)
		}
	}
}

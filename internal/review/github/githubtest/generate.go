// SPDX-License-Identifier: Apache-2.0

//go:build ignore

// This program cuts GitHub's OpenAPI description to the operations that the adapter uses:
//
//	npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
//	go run generate.go package
//
// Texts and examples go. Objects with properties may have no others, in requests and in answers, so that a field that
// does not exist is an error. Answers need not be complete: the emulator sends what the adapter reads.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// operations are what the adapter uses.
var operations = []struct{ method, path string }{
	{"get", "/user"},
	{"get", "/repos/{owner}/{repo}/pulls"},
	{"get", "/repos/{owner}/{repo}/pulls/{pull_number}"},
	{"get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"},
	{"post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"},
	{"get", "/repos/{owner}/{repo}/issues/comments/{comment_id}"},
	{"patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"},
	{"get", "/repos/{owner}/{repo}/commits/{ref}/status"},
	{"post", "/repos/{owner}/{repo}/statuses/{sha}"},
	{"get", "/repos/{owner}/{repo}/deployments"},
	{"post", "/repos/{owner}/{repo}/deployments"},
	{"get", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses"},
	{"post", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses"},
}

type object = map[string]any

// cutter collects the schemas that the operations refer to.
type cutter struct {
	all  object
	kept object
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run generate.go FOLDER-OF-THE-NPM-PACKAGE")
	}
	all := read(filepath.Join(os.Args[1], "generated", "api.github.com.json"))
	c := &cutter{all: all, kept: object{}}
	paths := object{}
	for _, o := range operations {
		item, _ := paths[o.path].(object)
		if item == nil {
			item = object{}
			paths[o.path] = item
		}
		item[o.method] = c.operation(dig(all, "paths", o.path, o.method))
	}
	pkg := read(filepath.Join(os.Args[1], "package.json"))
	out := object{
		"openapi": all["openapi"],
		"info": object{
			"title":       "GitHub's REST API, cut to what syncer uses",
			"description": "cut by generate.go from the npm package " + pkg["name"].(string) + ", (c) 2020 Octokit contributors",
			"version":     pkg["version"],
			"license":     dig(all, "info", "license"),
		},
		"paths":      paths,
		"components": object{"schemas": c.kept},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(out); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("testdata/openapi.json", b.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(path string) object {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	var out object
	if err := json.Unmarshal(data, &out); err != nil {
		log.Fatal(err)
	}
	return out
}

func dig(o object, keys ...string) object {
	for _, k := range keys {
		next, ok := o[k].(object)
		if !ok {
			log.Fatalf("%s is missing", strings.Join(keys, " "))
		}
		o = next
	}
	return o
}

// resolve follows a reference.
func (c *cutter) resolve(v any) object {
	o := v.(object)
	if ref, ok := o["$ref"].(string); ok {
		return dig(c.all, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return o
}

func (c *cutter) operation(o object) object {
	out := object{"operationId": o["operationId"]}
	var parameters []any
	list, _ := o["parameters"].([]any)
	for _, p := range list {
		p := c.resolve(p)
		parameters = append(parameters, object{
			"name": p["name"], "in": p["in"], "required": p["required"] == true, "schema": c.schema(p["schema"], true),
		})
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	if body, ok := o["requestBody"].(object); ok {
		out["requestBody"] = object{"required": true, "content": c.content(body, true)}
	}
	responses := object{}
	for code, r := range o["responses"].(object) {
		answer := object{"description": code}
		if r := c.resolve(r); r["content"] != nil && strings.HasPrefix(code, "2") {
			answer["content"] = c.content(r, false)
		}
		responses[code] = answer
	}
	out["responses"] = responses
	return out
}

func (c *cutter) content(o object, request bool) object {
	return object{"application/json": object{"schema": c.schema(dig(o, "content", "application/json")["schema"], request)}}
}

// schema cuts a schema, and keeps those that it refers to.
func (c *cutter) schema(v any, request bool) any {
	in, ok := v.(object)
	if !ok {
		return v
	}
	if ref, ok := in["$ref"].(string); ok {
		name := ref[strings.LastIndex(ref, "/")+1:]
		if _, done := c.kept[name]; !done {
			c.kept[name] = object{} // a schema may refer to itself
			c.kept[name] = c.schema(dig(c.all, "components", "schemas", name), request)
		}
		return in
	}
	out := object{}
	for _, k := range []string{"type", "enum", "nullable", "maxLength", "minLength", "minimum", "maximum"} {
		if in[k] != nil {
			out[k] = in[k]
		}
	}
	if request && in["required"] != nil {
		out["required"] = in["required"]
	}
	if items := in["items"]; items != nil {
		out["items"] = c.schema(items, request)
	}
	if properties, ok := in["properties"].(object); ok {
		kept := object{}
		for name, p := range properties {
			kept[name] = c.schema(p, request)
		}
		out["properties"], out["additionalProperties"] = kept, false
	}
	if extra := in["additionalProperties"]; extra != nil && out["properties"] == nil {
		out["additionalProperties"] = c.schema(extra, request)
	}
	var any_ []any
	for _, k := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := in[k].([]any)
		for _, one := range list {
			any_ = append(any_, c.schema(one, request))
		}
	}
	if any_ != nil {
		out["anyOf"] = any_
	}
	return out
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/presets"
)

// schemaFile is the copy that the example repository's editors use.
const schemaFile = "../../example-repo/.schema/syncer.json"

func TestSchemaFile(t *testing.T) {
	var want bytes.Buffer
	if err := printJSON(&want, schema()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%s is not what \"syncer schema\" prints (%v); run: make generate", schemaFile, err)
	}
}

// TestSchemaAccepts says that the schema accepts the files of the example repository, the built-in presets, and all Workspaces
// that KAITO's admission accepts.
func TestSchemaAccepts(t *testing.T) {
	s := loadSchema(t)
	files, err := filepath.Glob("../../example-repo/workspaces/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../../example-repo/syncer.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wrong := s.check(data)
		if broken := strings.HasSuffix(name, "broken.yaml"); broken == (wrong == "") {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	err = fs.WalkDir(presets.FS, "models", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Base(name) != "preset.yaml" {
			return err
		}
		data, err := fs.ReadFile(presets.FS, name)
		if wrong := s.check(data); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID, New string
		Valid   bool
	}
	data, err := os.ReadFile("../../internal/workspace/testdata/admission.json")
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if wrong := s.check([]byte(c.New)); wrong != "" && c.Valid {
			t.Errorf("%s: %s", c.ID, wrong)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := loadSchema(t)
	for _, text := range []string{
		"kind: Workspace",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, infernce: {}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, resource: {count: two}}",
		"{apiVersion: kaito.sh/v1alpha1, kind: Workspace, metadata: {name: x}, resource: {partition: {mode: mig}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, resource: {partition: {mode: half}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, inference: {template: {spec: {containers: [{imge: x}]}}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: InferenceSet, metadata: {name: x}, spec: {replicas: 1}}",
		"{apiVersion: kaito.sh/v1alpha1, kind: InferenceSet, metadata: {name: x}, spec: {template: {inference: {}}, replicas: many}}",
		"{apiVersion: syncer.dev/v1alpha1, kind: Config, clster: x}",
		"{apiVersion: syncer.dev/v1alpha1, kind: Preset, model: {layers: many}}",
	} {
		if s.check([]byte(text)) == "" {
			t.Errorf("accepted: %s", text)
		}
	}
	if wrong := s.check([]byte("{apiVersion: v1, kind: ConfigMap, data: {a: b}}")); wrong != "" {
		t.Errorf("another kind: %s", wrong)
	}
}

// checker applies the part of JSON schema that our schema uses; anything else in a schema fails the test.
type checker struct {
	t    *testing.T
	root map[string]any
}

func loadSchema(t *testing.T) checker {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	c := checker{t: t}
	if err := json.Unmarshal(data, &c.root); err != nil {
		t.Fatal(err)
	}
	return c
}

// check returns what the schema says against a document, or "".
func (c checker) check(data []byte) string {
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return err.Error()
	}
	text, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		return err.Error()
	}
	return c.value(c.root, doc, "")
}

func (c checker) value(schema map[string]any, v any, at string) string {
	object, _ := v.(map[string]any)
	for keyword, s := range schema {
		wrong := ""
		switch keyword {
		case "$schema", "title", "description", "examples", "default", "definitions", "then", "additionalProperties":
		case "$ref":
			wrong = c.value(c.definition(s.(string)), v, at)
		case "type":
			wrong = kindMatters(s, v)
		case "const":
			if v != s {
				wrong = fmt.Sprintf("is not %v", s)
			}
		case "enum":
			wrong = "is none of the values"
			for _, e := range s.([]any) {
				if e == v {
					wrong = ""
				}
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(s.(string)).MatchString(text) {
				wrong = "does not match " + s.(string)
			}
		case "required":
			for _, name := range s.([]any) {
				if _, given := object[name.(string)]; object != nil && !given {
					wrong = fmt.Sprintf("%s is missing", name)
				}
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				if w := c.value(s.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i)); w != "" {
					return w
				}
			}
		case "properties":
			for name, p := range s.(map[string]any) {
				if field, given := object[name]; given && field != nil {
					if w := c.value(p.(map[string]any), field, at+"."+name); w != "" {
						return w
					}
				}
			}
		case "allOf":
			for _, one := range s.([]any) {
				if w := c.value(one.(map[string]any), v, at); w != "" {
					return w
				}
			}
		case "if":
			if c.value(s.(map[string]any), v, at) == "" {
				wrong = c.value(schema["then"].(map[string]any), v, at)
			}
		default:
			c.t.Fatalf("the test does not know the keyword %s", keyword)
		}
		if wrong != "" {
			return at + ": " + wrong
		}
	}
	return c.additional(schema, object, at)
}

func (c checker) additional(schema, object map[string]any, at string) string {
	properties, _ := schema["properties"].(map[string]any)
	for name, field := range object {
		if _, known := properties[name]; known {
			continue
		}
		switch more := schema["additionalProperties"].(type) {
		case bool:
			return at + "." + name + ": unknown"
		case map[string]any:
			if w := c.value(more, field, at+"."+name); w != "" {
				return w
			}
		}
	}
	return ""
}

func (c checker) definition(ref string) map[string]any {
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(ref, "#/definitions/"))
	d, ok := c.root["definitions"].(map[string]any)[name].(map[string]any)
	if !ok {
		c.t.Fatalf("there is no %s", ref)
	}
	return d
}

// kindMatters returns what is wrong with the type of a value.
func kindMatters(want, v any) string {
	kinds, several := want.([]any)
	if !several {
		kinds = []any{want}
	}
	for _, k := range kinds {
		ok := false
		switch v := v.(type) {
		case map[string]any:
			ok = k == "object"
		case []any:
			ok = k == "array"
		case string:
			ok = k == "string"
		case bool:
			ok = k == "boolean"
		case float64:
			ok = k == "number" || k == "integer" && v == float64(int64(v))
		}
		if ok {
			return ""
		}
	}
	return fmt.Sprintf("is not of type %v", want)
}

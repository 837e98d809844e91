// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/schema"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/schematest"
	"syncer.dev/syncer/presets"
)

// schemaFile is the copy that the example repository's editors use.
const schemaFile = "../../../example-repo/.schema/syncer.json"

func TestSchemaFile(t *testing.T) {
	var want bytes.Buffer
	if err := answer.PrintJSON(&want, schema.Document()); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, schemaFile, want.Bytes())
}

// TestSchemaAccepts says that the schema accepts the files of the example repository, the built-in presets, and all
// Workspaces that KAITO's admission accepts.
func TestSchemaAccepts(t *testing.T) {
	check := checker(t)
	files, err := filepath.Glob("../../../example-repo/workspaces/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../../../example-repo/syncer.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		wrong := check(data)
		if broken := strings.HasSuffix(name, "broken.yaml"); broken == (wrong == "") {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	err = fs.WalkDir(presets.FS, "models", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Base(name) != "preset.yaml" {
			return err
		}
		data, err := fs.ReadFile(presets.FS, name)
		if wrong := check(data); wrong != "" {
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
	data, err := os.ReadFile("../../workspace/admission/testdata/admission.json")
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if wrong := check([]byte(c.New)); wrong != "" && c.Valid {
			t.Errorf("%s: %s", c.ID, wrong)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	check := checker(t)
	for _, text := range []string{
		"kind: Workspace",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, infernce: {}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, resource: {count: two}}",
		"{apiVersion: kaito.sh/v1alpha1, kind: Workspace, metadata: {name: x}, resource: {partition: {mode: mig}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, resource: {partition: {mode: half}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: Workspace, metadata: {name: x}, " +
			"inference: {template: {spec: {containers: [{imge: x}]}}}}",
		"{apiVersion: kaito.sh/v1beta1, kind: InferenceSet, metadata: {name: x}, spec: {replicas: 1}}",
		"{apiVersion: kaito.sh/v1alpha1, kind: InferenceSet, metadata: {name: x}, " +
			"spec: {template: {inference: {}}, replicas: many}}",
		"{apiVersion: syncer.dev/v1alpha1, kind: Config, clster: x}",
		"{apiVersion: syncer.dev/v1alpha1, kind: Preset, model: {layers: many}}",
	} {
		if check([]byte(text)) == "" {
			t.Errorf("accepted: %s", text)
		}
	}
	if wrong := check([]byte("{apiVersion: v1, kind: ConfigMap, data: {a: b}}")); wrong != "" {
		t.Errorf("another kind: %s", wrong)
	}
}

// checker returns a function that returns what the schema file says against a YAML document, or "".
func checker(t *testing.T) func(document []byte) string {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schematest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return func(document []byte) string {
		var v any
		if err := yaml.Unmarshal(document, &v); err != nil {
			return err.Error()
		}
		data, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return s.Check(data)
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestNames: nothing is made of a document whose name or namespace is none of Kubernetes, of any kind, and whether
// it is read from a file or comes out of a kustomization.
func TestNames(t *testing.T) {
	documents := map[string]string{
		"Workspace": strings.Replace(served, "{name: phi}", "{name: %s, namespace: %s}", 1),
		"InferenceSet": "apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: %s, namespace: %s}\n" +
			"spec: {replicas: 1, template: {inference: {preset: {name: phi-4}}}}\n",
		"RAGEngine": "apiVersion: kaito.sh/v1beta1\nkind: RAGEngine\nmetadata: {name: %s, namespace: %s}\n",
		"Node":      "apiVersion: v1\nkind: Node\nmetadata: {name: %s, namespace: %s}\n",
		"ConfigMap": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\n",
		"ExternalSecret": "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: %s, namespace: %s}\n" +
			"spec: {}\n",
	}
	bad := []string{
		`"a\nb"`, `"../prod/phi"`, `".."`, `"a b"`, `"a\u202eb"`, `"\e[31m"`, `"-a"`, `"Phi"`, `"a/b"`,
		`"` + strings.Repeat("a", 300) + `"`,
		`"::error::x"`, `"|"`, `"<script>"`,
	}
	for kind, document := range documents {
		for _, name := range bad {
			for field, text := range map[string]string{
				"metadata.name": fmt.Sprintf(document, name, "default"), "metadata.namespace": fmt.Sprintf(document, "phi", name),
			} {
				set := loadFiles(t, map[string]string{"a.yaml": text}, load.Options{})
				if len(set.Workspaces)+len(set.InferenceSets)+len(set.Objects)+len(set.Nodes) > 0 {
					t.Errorf("%s: something is made of %s %s", kind, field, name)
				}
				found := false
				for _, p := range set.Problems {
					found = found || p.Reason == diag.InvalidName && p.Field == field && p.Line == 3 && p.Column > 10
					if p.Workspace != (diag.Key{}) || p.InferenceSet != (diag.Key{}) ||
						strings.ContainsAny(p.Message, "\n\x1b\u202e") {
						t.Errorf("%s, %s %s: %+v", kind, field, name, p)
					}
				}
				if !found || len(set.Unreadable) != 1 {
					t.Errorf("%s: no problem names %s %s: %v, unreadable %q", kind, field, name, set.Problems, set.Unreadable)
				}
				built := loadFiles(t, map[string]string{"kustomization.yaml": ""}, load.Options{
					Build: func(fs.FS, string) (load.Built, error) { return load.Built{Text: []byte(text)}, nil },
				})
				if len(built.Workspaces)+len(built.InferenceSets)+len(built.Objects)+len(built.Nodes) > 0 ||
					len(built.Problems) == 0 || built.Problems[0].Path != "." || built.Problems[0].Line != 1 {
					t.Errorf("%s, built: %s %s: %v", kind, field, name, built.Problems)
				}
			}
		}
	}
	ignored := loadFiles(t, map[string]string{
		"a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: A_b}\n",
	}, load.Options{})
	if len(ignored.Problems) != 1 || ignored.Problems[0].Severity != diag.Warning {
		t.Errorf("what is ignored may have any name: %v", ignored.Problems)
	}
}

// TestVersions: an apiVersion that Kubernetes cannot read is a Problem: no client can apply the object.
func TestVersions(t *testing.T) {
	const document = "apiVersion: %q\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {}\n"
	for version, want := range map[string]int{
		"external-secrets.io/v1": 1, "external-secrets.io/v1beta1": 1,
		"external-secrets.io/": 0, "external-secrets.io/..": 0, "external-secrets.io/v1/x": 0,
		"external-secrets.io/../../v1": 0, "external-secrets.io/V1": 0,
	} {
		set := loadFiles(t, map[string]string{"a.yaml": fmt.Sprintf(document, version)}, load.Options{})
		if len(set.Objects) != want || len(set.Problems) != 1-want || len(set.Unreadable) != 1-want {
			t.Errorf("%s: %d objects, problems %v", version, len(set.Objects), set.Problems)
		}
	}
}

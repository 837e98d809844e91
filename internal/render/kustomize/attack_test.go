// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// attacks are kustomizations that hide a reference from a check whose YAML parser differs from Kustomize's.
func attacks(url string) []string {
	var out []string
	for _, ref := range []string{url, "git::" + url, "/etc/passwd", "github.com/org/repo", "../../outside"} {
		for _, form := range []string{
			"resources: [%[1]q]",
			"commonAnnotations: {a: &r resources}\n*r : [%[1]q]",
			"commonAnnotations: {a: &r resources}\n? *r\n: [%[1]q]",
			"commonAnnotations: {a: &m <<}\n*m : {resources: [%[1]q]}",
			"<<: {resources: [%[1]q]}", "<<: [{resources: [a.yaml]}, {components: [%[1]q]}]",
			"metadata: &m {resources: [%[1]q]}\n<<: *m",
			"!!merge <<: {resources: [%[1]q]}", "!!merge resources: {resources: [%[1]q]}", "! <<: {resources: [%[1]q]}",
			"!!str resources: [%[1]q]", "!x resources: [%[1]q]", "!!binary cmVzb3VyY2Vz: [%[1]q]", "&a resources: [%[1]q]",
			"\"\\x72esources\": [%[1]q]", "? resources\n: [%[1]q]", "? |-\n  resources\n: [%[1]q]", "Resources: [%[1]q]",
			"commonAnnotations: {a: &u %[1]q}\nresources: [*u]", "commonAnnotations: {a: &u %[1]q}\nresources:\n- *u\n- a.yaml",
			"resources: [a.yaml]\nresources: [%[1]q]", "resources: !!seq [%[1]q]", "resources: [!!str %[1]q]",
			"resources: [!x %[1]q]",
			"resources: [a.yaml]\n---\nresources: [%[1]q]", "components: [%[1]q]", "bases: [%[1]q]",
			"resources: [a.yaml]\npatches: [{<<: {path: %[1]q}}]", "resources: [a.yaml]\npatches: [{&p path: %[1]q}]",
			"commonAnnotations: {p: &p path}\nresources: [a.yaml]\npatches: [{*p : %[1]q, target: {kind: ConfigMap}}]",
			"commonAnnotations: {p: &p path}\nresources: [a.yaml]\nreplacements: [{*p : %[1]q}]",
			"resources: [a.yaml]\nreplacements: [{<<: {path: %[1]q}}]", "resources: [a.yaml]\npatchesStrategicMerge: [%[1]q]",
			"commonAnnotations: {f: &f files}\nconfigMapGenerator: [{name: a, *f : [%[1]q]}]",
			"commonAnnotations: {f: &f files}\nconfigMapGenerator: [{name: a, *f : [x=%[2]s]}]",
			"configMapGenerator: [{name: a, <<: {files: [%[1]q]}}]", "configMapGenerator: [{name: a, files: [\"x=%[2]s\"]}]",
			"configMapGenerator: [{name: a, !!str files: [%[1]q]}]", "configMapGenerator: [{name: a, envs: [%[1]q]}]",
			"configMapGenerator: [{name: a, env: !!str %[1]q}]", "configMapGenerator: [{name: a, Files: [%[1]q]}]",
			"<<: {helmCharts: [{name: a, repo: %[1]q}]}", "<<: {generators: [%[1]q]}", "openapi: {<<: {path: %[1]q}}",
		} {
			out = append(out, fmt.Sprintf(form, ref, ref))
		}
	}
	return out
}

// unreachable starts a server that fails the test on any request, and puts a git on the path that fails the test when
// it runs.
func unreachable(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s", r.URL)
		_, _ = w.Write([]byte(configMapYAML))
	}))
	bin := t.TempDir()
	marker := filepath.Join(bin, "was-run")
	script := "#!/bin/sh\n/bin/touch " + marker + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Cleanup(func() {
		server.Close()
		if _, err := os.Stat(marker); err == nil {
			t.Error("git was run")
		}
	})
	return server.URL
}

// TestNothingIsFetched: no spelling of a reference makes Kustomize look outside the tree. The default transport works
// in this test, so Check alone has to hold.
func TestNothingIsFetched(t *testing.T) {
	for _, k := range attacks(unreachable(t) + "/x") {
		_, err := BuildFolder(folder(k), "team")
		var refusal diag.Diagnostic
		if !errors.As(err, &refusal) {
			t.Errorf("%q: error %v, want a Diagnostic", k, err)
		} else if refusal.Path == "" || refusal.Message == "" {
			t.Errorf("%q: %#v says too little", k, refusal)
		}
	}
}

// TestCheckClosed tests the second line of defence alone: checkClosed refuses what Check might allow by mistake.
func TestCheckClosed(t *testing.T) {
	for _, k := range []string{
		"resources: [https://example.com/a.yaml]", "resources: [missing.yaml]", "components: [github.com/org/repo]",
		"<<: {resources: [/etc/passwd]}",
		"patches: [{path: missing}]", "patchesStrategicMerge: [missing]", "replacements: [{path: missing}]",
		"configMapGenerator: [{name: a, files: [x=missing]}]", "configMapGenerator: [{name: a, envs: [missing]}]",
		"commonAnnotations: {a: &m resources}\n*m : ['https://example.com/a.yaml']", "generators: [a.yaml]",
		"helmCharts: [{name: a}]", "unknown: 1", "[",
	} {
		files := Tree{"team/kustomization.yaml": []byte(k), "team/a.yaml": []byte(configMapYAML)}
		var refusal diag.Diagnostic
		if err := files.checkClosed(); !errors.As(err, &refusal) {
			t.Errorf("%q: %v, want a Diagnostic", k, err)
		}
	}
}

// TestAliasesAreExpanded: kustomizations with aliases and merge keys build, and Kustomize sees neither.
func TestAliasesAreExpanded(t *testing.T) {
	offline(t)
	for _, k := range []string{
		"commonAnnotations: &a {x: v}\nresources: [a.yaml]\nlabels: [{pairs: *a}]",
		"metadata: {annotations: &a {x: v}}\nresources: [a.yaml]\nlabels: [{pairs: {<<: *a, z: '1'}}]",
		"commonAnnotations: {f: &f a.yaml}\nresources: [*f]",
	} {
		in, err := Check(folder(k), "team")
		if err != nil {
			t.Errorf("%q: %v", k, err)
			continue
		}
		if text := string(in.Files["team/kustomization.yaml"]); strings.ContainsAny(text, "&*") ||
			strings.Contains(text, "<<") {
			t.Errorf("%q: Kustomize gets\n%s", k, text)
		}
		if out, err := BuildFolder(folder(k), "team"); err != nil ||
			!strings.Contains(string(out.Text), "x: v") && !strings.Contains(string(out.Text), "f: a.yaml") {
			t.Errorf("%q: built %s, %v", k, out.Text, err)
		}
	}
}

// FuzzCheck: Kustomize never receives a reference that is not in the tree.
func FuzzCheck(f *testing.F) {
	for _, k := range attacks("http://127.0.0.1:1/x") {
		f.Add(k, configMapYAML)
	}
	f.Add(
		"resources: [a.yaml, ../base]\nlabels: [{pairs: {a: b}}]",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: a, labels: {x: y}}\ndata: {<<: {a: b}}\n",
	)
	f.Fuzz(func(t *testing.T, kustomization, resource string) {
		tree := folder(kustomization)
		tree["team/a.yaml"] = &fstest.MapFile{Data: []byte(resource)}
		in, err := Check(tree, "team")
		if err != nil {
			return
		}
		if err := in.Files.checkClosed(); err != nil {
			t.Fatalf("Check allowed it, but %v", err)
		}
		for name := range in.Files {
			if _, err := fs.Stat(tree, name); err != nil {
				t.Fatalf("%s is not in the tree", name)
			}
		}
		for name, data := range in.Files {
			if !IsKustomization(filepath.Base(name)) {
				continue
			}
			docs, err := Documents(name, data)
			if err != nil || len(docs) != 1 || !strictyaml.IsPlain(docs...) {
				t.Fatalf("Kustomize gets %q, %v", data, err)
			}
		}
	})
}

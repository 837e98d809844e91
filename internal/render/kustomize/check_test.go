// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/diag"
)

// TestBuildFolder builds the folders in testdata/folders. An archive's comment is the expected error; without one the
// file "want" is the expected output.
func TestBuildFolder(t *testing.T) {
	offline(t)
	files, err := filepath.Glob("testdata/folders/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			want := ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
				} else {
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			got, err := BuildFolder(fsys, "team")
			if problem := strings.TrimSpace(string(archive.Comment)); problem != "" {
				var refusal diag.Diagnostic
				if !errors.As(err, &refusal) || err.Error() != problem {
					t.Errorf("error %v\nwant  %s", err, problem)
				}
				return
			}
			if err != nil || string(got.Text) != want {
				t.Errorf("error %v, built:\n%s", err, got.Text)
			}
		})
	}
}

// offline makes a test fail when Kustomize fetches a URL or runs a program.
func offline(t testing.TB) {
	t.Helper()
	bin := t.TempDir()
	marker := filepath.Join(bin, "was-run")
	for _, name := range []string{"git", "helm", "sh", "curl"} {
		script := "#!/bin/sh\n/bin/touch " + marker + "\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	before := http.DefaultTransport
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("fetched %s", r.URL)
		return nil, errors.New("no network")
	})
	t.Cleanup(func() {
		http.DefaultTransport = before
		if _, err := os.Stat(marker); err == nil {
			t.Error("a program was run")
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const configMapYAML = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

// folder returns a tree with a kustomization and some files that it may name.
func folder(kustomization string) fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"team/kustomization.yaml": file(kustomization),
		"team/a.yaml":             file(configMapYAML),
		"team/patch.yaml":         file("- {op: add, path: /data, value: {a: b}}\n"),
		"base/kustomization.yaml": file("resources: [a.yaml]\n"),
		"base/a.yaml":             file(configMapYAML),
		// Files with names that Kustomize treats as remote references.
		"team/https:/example.com/a.yaml":              file(configMapYAML),
		"team/github.com/org/repo/kustomization.yaml": file("resources: [a.yaml]\n"),
		"team/github.com/org/repo/a.yaml":             file(configMapYAML),
		"team/user@host/a/b/kustomization.yaml":       file("resources: [a.yaml]\n"),
		"team/user@host/a/b/a.yaml":                   file(configMapYAML),
		"secret.txt":                                  file("x=1"),
	}
}

// TestCheckRefuses: no reference that could leave the tree reaches Kustomize.
func TestCheckRefuses(t *testing.T) {
	offline(t)
	for _, k := range []string{
		"resources: [https://example.com/a.yaml]", "resources: ['https:/example.com/a.yaml']",
		"resources: [github.com/org/repo]",
		"resources: [GitHub.com/org/repo]", "resources: [www.github.com/org/repo]",
		"resources: ['git@github.com:org/repo.git']",
		"resources: ['gh:org/repo']", "resources: [user@host/a/b]", "resources: ['git::https://example.com/r.git']",
		"resources: ['ssh://h/r']",
		"resources: ['file:///etc']", "resources: [/etc/passwd]", "resources: [../../etc]", "resources: [a.yaml, ../..]",
		"resources: [missing]",
		"resources: ['..\\..\\etc']", "resources: ['~/x']", "resources: ['']", "resources: [1]", "resources: a.yaml",
		"resources: [[a.yaml]]",
		"resources: [{a: b}]", "resources: [../base/../team]", "resources: [.]", "resources: [kustomization.yaml]",
		"resources: ['${HOME}']",
		"bases: [https://example.com/x]", "bases: [a.yaml]", "components: [github.com/org/repo?ref=v1]",
		"components: [a.yaml]",
		"patches: [{path: https://example.com/p.yaml}]", "patches: [{Path: https://example.com/p.yaml}]",
		"patches: [{path: /etc/passwd}]",
		"patches: [a.yaml]", "patches: [{path: patch.yaml, extra: 1}]", "patches: [{<<: {path: /etc/passwd}}]",
		"patches: [{patch: {a: b}}]",
		"patches: [{patch: \"[1\"}]", "patchesStrategicMerge: [https://example.com/p.yaml]",
		"patchesJson6902: [{path: ../../p.yaml}]",
		"replacements: [{path: https://example.com/r.yaml}]", "replacements: [{Path: x}]",
		"configMapGenerator: [{name: a, files: [/etc/passwd]}]", "configMapGenerator: [{name: a, files: [x=/etc/passwd]}]",
		"configMapGenerator: [{name: a, files: [x=https://example.com/]}]",
		"configMapGenerator: [{name: a, envs: [../../x]}]",
		"configMapGenerator: [{name: a, env: /etc/environment}]", "configMapGenerator: [{name: a, Files: [/etc/passwd]}]",
		"configMapGenerator: [{name: a, files: ['=a.yaml']}]", "configMapGenerator: [x]",
		"helmCharts: [{name: x}]", "helmGlobals: {}", "helmChartInflationGenerator: []", "generators: [g.yaml]",
		"transformers: [t.yaml]",
		"validators: [v.yaml]", "configurations: [c.yaml]", "openapi: {path: a.yaml}", "openapi: {version: v1.20}",
		"OpenAPI: {path: a.yaml}",
		"crds: [a.yaml]", "vars: []", "imageTags: []", "buildMetadata: [originAnnotations]",
		"secretGenerator: [{name: s, literals: [a=b]}]",
		"inventory: {}", "unknown: 1", "<<: {generators: [a]}", "{[a]: b}", "[]", "text", "", "a: 1\n---\nb: 1",
		"resources: [a.yaml\n", "\x00",
		"resources: &a [*a]", "&a {resources: [a.yaml], metadata: *a}", "resources: [\"a.yaml\\n\"]",
	} {
		_, err := BuildFolder(folder(k), "team")
		var refusal diag.Diagnostic
		if !errors.As(err, &refusal) {
			t.Errorf("%q: error %v, want a Diagnostic", k, err)
		} else if refusal.Path == "" || refusal.Message == "" {
			t.Errorf("%q: %#v says too little", k, refusal)
		}
	}
}

// TestCheckAllows: common kustomizations pass.
func TestCheckAllows(t *testing.T) {
	offline(t)
	for _, k := range []string{
		"resources: [a.yaml]", "resources: [../base]", "bases: [../base]", "resources: [./a.yaml]",
		"kind: Kustomization\nresources: [a.yaml]\nnamespace: team\nnamePrefix: p-\nlabels: [{pairs: {a: " +
			"b}}]\ncommonAnnotations: {a: b}",
		"resources: [a.yaml]\npatches: [{path: patch.yaml, target: {kind: ConfigMap}}]",
		"resources: [a.yaml]\npatches: [{patch: '[{\"op\": \"add\", \"path\": \"/data\", \"value\": {\"a\": \"b\"}}]'," +
			" target: {kind: ConfigMap}}]",
		"resources: [a.yaml]\npatchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: " +
			"a}\n  data: {x: y}\n",
		"configMapGenerator: [{name: g, files: [a.yaml, other=patch.yaml], literals: [a=b]}]\ngeneratorOptions: " +
			"{disableNameSuffixHash: true}",
		"resources: [a.yaml]\nreplacements: []\nimages: null",
	} {
		if out, err := BuildFolder(folder(k), "team"); err != nil || len(out.Text) == 0 {
			t.Errorf("%q: %v", k, err)
		}
	}
}

// TestCheckLimits: a small text must not cause much work.
func TestCheckLimits(t *testing.T) {
	offline(t)
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

	doubling := fstest.MapFS{"team/kustomization.yaml": file("resources: [../a0, ../b0]\n")}
	for i := range 40 {
		for _, side := range []string{"a", "b"} {
			doubling[fmt.Sprintf("%s%d/kustomization.yaml", side, i)] = file(
				fmt.Sprintf("namePrefix: %s%d-\nresources: [../a%d, ../b%d]\n", side, i, i+1, i+1),
			)
		}
	}
	for _, side := range []string{"a", "b"} {
		doubling[side+"40/kustomization.yaml"] = file("resources: [a.yaml]\n")
		doubling[side+"40/a.yaml"] = file(configMapYAML)
	}

	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		laughs += fmt.Sprintf(
			"a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
			i+1,
			i+1,
			i,
			i,
			i,
			i,
			i,
			i,
			i,
			i,
			i,
		)
	}
	withFile := func(data string, mode fs.FileMode) fstest.MapFS {
		return fstest.MapFS{
			"team/kustomization.yaml": file("resources: [a.yaml]\n"),
			"team/a.yaml":             &fstest.MapFile{Data: []byte(data), Mode: mode},
		}
	}
	for name, fsys := range map[string]fstest.MapFS{
		"folders that double": doubling,
		"aliases that double": withFile(configMapYAML+laughs, 0),
		"a long alias":        withFile(configMapYAML+"data:\n  a: &a "+strings.Repeat("x", 900_000)+"\n"+aliases(1000), 0),
		"too deep":            withFile(configMapYAML+"data: "+strings.Repeat("[", 150)+strings.Repeat("]", 150), 0),
		"deep by aliases":     withFile(configMapYAML+deepAliases(), 0),
		"too many objects": withFile(
			strings.Repeat(configMapYAML+"---\n", 400)+strings.Repeat("---\n"+configMapYAML, 2000),
			0,
		),
		"too large": withFile(configMapYAML+"#"+strings.Repeat("x", 1<<20), 0),
		"a link":    withFile("/etc/passwd", fs.ModeSymlink),
		"a cycle": {
			"team/kustomization.yaml": file("resources: [../x]\n"),
			"x/kustomization.yaml":    file("resources: [../team]\n"),
		},
		"two kustomizations": {
			"team/kustomization.yaml": file("resources: []\n"),
			"team/Kustomization":      file("resources: []\n"),
		},
		"no kustomization": {"team/a.yaml": file(configMapYAML)},
	} {
		_, err := BuildFolder(fsys, "team")
		var refusal diag.Diagnostic
		if !errors.As(err, &refusal) {
			t.Errorf("%s: error %v, want a Diagnostic", name, err)
		}
	}
	if _, err := BuildFolder(fstest.MapFS{}, "../x"); err == nil {
		t.Error("a folder outside of the tree was built")
	}
}

// aliases are n keys with the value of the anchor a.
func aliases(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "  k%d: *a\n", i)
	}
	return out.String()
}

// deepAliases is a document that is deep only once its aliases are expanded.
func deepAliases() string {
	var out strings.Builder
	out.WriteString("d0: &d0 [x]\n")
	for i := range 120 {
		fmt.Fprintf(&out, "d%d: &d%d [*d%d]\n", i+1, i+1, i)
	}
	return out.String()
}

// TestFatalInput: Kustomize calls log.Fatal on the first input; a build returns an error instead.
func TestFatalInput(t *testing.T) {
	offline(t)
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, data := range []string{
		"data: {'': c}", "binaryData: {'': ''}", "data: [a]", "data: 7", "data: {a: {b: c}}", "data: {a: null}",
		"binaryData: {x: '@@@'}", "data: {[a]: b}",
		"data: {? {a: b} : c}", "data: {a: \"\\xff\"}", "data: !!binary x", "data: {<<: {a: b}}", "data: {~: b}",
	} {
		_, err := BuildFolder(fstest.MapFS{
			"base/kustomization.yaml": file("resources: [a.yaml]\n"),
			"base/a.yaml":             file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + data + "\n"),
			"team/kustomization.yaml": file(
				"resources: [../base]\nconfigMapGenerator: [{name: a, behavior: merge, literals: [x=y]}]\n",
			),
		}, "team")
		if data == "data: {'': c}" && (err == nil || !strings.Contains(err.Error(), "panicked")) {
			t.Errorf("%s: error %v", data, err)
		}
	}
}

// TestExpensiveInput: Check refuses an expensive kustomization, or it builds within the timeout.
func TestExpensiveInput(t *testing.T) {
	offline(t)
	t.Setenv("SYNCER_TEST_SECRET", "leaked")
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	repeat := func(n int, format string) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, format, i)
		}
		return out.String()
	}
	objects := func(n int) string {
		return repeat(n, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {a: b}\n---\n")
	}
	refused := map[string]fstest.MapFS{
		"10,000 objects": {"team/kustomization.yaml": file("resources: [a.yaml]\n"), "team/a.yaml": file(objects(10_000))},
		"10,000 files": func() fstest.MapFS {
			fsys := fstest.MapFS{"team/kustomization.yaml": file("resources:\n" + repeat(10_000, "- f%d.yaml\n"))}
			for i := range 10_000 {
				fsys[fmt.Sprintf("team/f%d.yaml", i)] = file(
					fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i),
				)
			}
			return fsys
		}(),
		"patches": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\npatches:\n" + repeat(5000, "- {path: p.yaml, target: {name: c%d}}\n"),
			),
			"team/a.yaml": file(objects(500)),
			"team/p.yaml": file("[{op: test, path: /a, value: b}]\n"),
		},
		"labels": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\nlabels:\n" + repeat(5000, "- {pairs: {a%d: b}, includeSelectors: true}\n"),
			),
			"team/a.yaml": file(objects(500)),
		},
		"images": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nimages:\n" + repeat(5000, "- {name: a%d, newTag: b}\n")),
			"team/a.yaml":             file(objects(500)),
		},
		"generators": {
			"team/kustomization.yaml": file("configMapGenerator:\n" + repeat(5000, "- {name: a%d, literals: [a=b]}\n")),
		},
		"a long regexp": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\npatches: [{path: p.yaml, target: {name: '" + strings.Repeat("(a|b)*", 1000) + "'}}]\n",
			),
			"team/a.yaml": file(objects(1)),
			"team/p.yaml": file("[]\n"),
		},
		"a wide regexp": {
			"team/kustomization.yaml": file("resources: [a.yaml]\npatches: [{path: p.yaml, target: {name: 'x{1000}{1000}'}}]\n"),
			"team/a.yaml":             file(objects(1)),
			"team/p.yaml":             file("[]\n"),
		},
		"in replacements": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: c0}, targets: [{select: {name: " +
					"'x{999}'}, fieldPaths: [data.a]}]}]\n",
			),
			"team/a.yaml": file(objects(1)),
		},
		"in their files": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nreplacements: [{path: r.yaml}]\n"),
			"team/a.yaml":             file(objects(1)),
			"team/r.yaml": file(
				"source: {kind: ConfigMap, name: c0}\ntargets: [{select: {name: 'x{999}'}, fieldPaths: [data.a]}]\n",
			),
		},
		"images by regexp": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nimages: [{name: 'x{999}', newTag: b}]\n"),
			"team/a.yaml":             file(objects(1)),
		},
		"a long prefix": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nnamePrefix: " + strings.Repeat("x", 900_000) + "\n"),
			"team/a.yaml":             file(objects(450)),
		},
		"a long patch": {
			"team/kustomization.yaml": file("resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n"),
			"team/a.yaml":             file(objects(450)),
			"team/p.yaml":             file("- {op: add, path: /data/x, value: " + strings.Repeat("x", 900_000) + "}\n"),
		},
		"a long replacement": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml, b.yaml]\nreplacements: [{source: {kind: ConfigMap, name: long, fieldPath: data.a}, " +
					"targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]}]\n",
			),
			"team/a.yaml": file(
				objects(450),
			), "team/b.yaml": file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " +
				"long}\ndata: {a: " + strings.Repeat("x", 900_000) + "}\n"),
		},
		"a text that doubles": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\nreplacements:\n" + repeat(
					40,
					"- source: {kind: ConfigMap, name: c0, fieldPath: data.a}\n  targets: [{select: {kind: ConfigMap}, "+
						"fieldPaths: [data.a], options: {delimiter: '-', index: %d}}]\n",
				),
			),
			"team/a.yaml": file(objects(1)),
		},
		"a text that doubles, with keys in another case": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml]\nreplacements:\n" + repeat(
					40,
					"- source: {kind: ConfigMap, name: c0, fieldPath: data.a}\n  targets: [{select: {kind: ConfigMap}, "+
						"fieldPaths: [data.a], options: {Delimiter: '-', index: %d}}]\n",
				),
			),
			"team/a.yaml": file(objects(1)),
		},
		"the same in a file": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nreplacements:\n" + repeat(40, "- {path: r.yaml} # %d\n")),
			"team/r.yaml": file("source: {kind: ConfigMap, name: c0, fieldPath: data.a}\nTargets: [{select: " +
				"{kind: ConfigMap}, fieldPaths: [data.a], Options: {delimiter: '-', Index: 0}}]\n"),
			"team/a.yaml": file(objects(1)),
		},
		"slow selectors": {
			"team/kustomization.yaml": file("resources: [a.yaml]\npatches:\n" + repeat(200,
				"- {target: {name: '"+strings.Repeat("(a|b)*", 80)+"%d'}, patch: '[]'}\n")),
			"team/a.yaml": file(objects(40)),
		},
		"selectors with large classes": {
			"team/kustomization.yaml": file("resources: [a.yaml]\npatches:\n" + repeat(200,
				"- {target: {name: '"+strings.Repeat("(\\pL)*", 80)+"%d'}, patch: '[]'}\n")),
			"team/a.yaml": file(objects(1)),
		},
		"a text in many places": {
			"team/kustomization.yaml": file(
				"resources: [a.yaml, b.yaml]\nreplacements: [{source: {kind: ConfigMap, name: long, fieldPath: data.a}, " +
					"targets: [{select: {kind: ConfigMap}, options: {create: true}, fieldPaths: [" + repeat(
					5000,
					"data.k%d, ",
				) + "]}]}]\n",
			),
			"team/a.yaml": file(
				objects(1),
			), "team/b.yaml": file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " +
				"long}\ndata: {a: " + strings.Repeat("x", 900_000) + "}\n"),
		},
		"a long component": {
			"team/kustomization.yaml": file("resources: [a.yaml]\ncomponents: [../c]\n"), "team/a.yaml": file(objects(450)),
			"c/kustomization.yaml": file(
				"kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\ncommonAnnotations: {a: " + strings.Repeat(
					"x",
					900_000,
				) + "}\n",
			),
		},
		"plugins written inline": {
			"team/kustomization.yaml": file(
				"transformers:\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: x, annotations: " +
					"{config.kubernetes.io/function: \"exec: {path: sh}\"}}\n",
			),
		},
	}
	for name, fsys := range refused {
		start := cpuTime(t)
		_, err := BuildFolder(fsys, "team")
		var refusal diag.Diagnostic
		if !errors.As(err, &refusal) {
			t.Errorf("%s: error %v, want a Diagnostic", name, err)
		}
		if took := cpuTime(t) - start; took > 10*time.Second {
			t.Errorf("%s: refused after %s of computing", name, took)
		}
	}

	// The largest that Check allows.
	for name, fsys := range map[string]fstest.MapFS{
		"objects": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nnamePrefix: x-\n"),
			"team/a.yaml":             file(objects(450)),
		},
		"patches": {
			"team/kustomization.yaml": file("resources: [a.yaml]\npatches:\n" + repeat(150, "- {path: p.yaml, target: "+
				"{name: c%d}}\n")),
			"team/a.yaml": file(objects(450)),
			"team/p.yaml": file("- {op: add, path: /data/x, value: y}\n"),
		},
		"labels": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nlabels:\n" + repeat(30, "- {pairs: {a%d: b}, "+
				"includeSelectors: true}\n")),
			"team/a.yaml": file(objects(450)),
		},
		"far index": {
			"team/kustomization.yaml": file("resources: [a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: c0, " +
				"fieldPath: data.a}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.list.999999999], options: " +
				"{create: true}}]}]\n"),
			"team/a.yaml": file(objects(1)),
		},
		"variables": {
			"team/kustomization.yaml": file("configMapGenerator: [{name: g, envs: [e.txt]}]\n"),
			"team/e.txt":              file("SYNCER_TEST_SECRET\nA=$(SYNCER_TEST_SECRET)\n"),
		},
		"functions": {
			"team/kustomization.yaml": file("resources: [a.yaml]\n"),
			"team/a.yaml": file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: " +
				"{config.kubernetes.io/function: \"exec: {path: sh}\", config.kubernetes.io/local-config: \"false\"}}\n"),
		},
	} {
		start := time.Now()
		out, err := BuildFolder(fsys, "team")
		t.Logf("%s: %d bytes in %s, %v", name, len(out.Text), time.Since(start), err)
		if strings.Contains(string(out.Text), "leaked") {
			t.Errorf("%s: holds a variable of this process", name)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzBuildFolder: no kustomization makes it panic, fetch a URL or run a program.
func FuzzBuildFolder(f *testing.F) {
	for _, seed := range []string{
		"resources: [a.yaml]\n", "resources: [../base]\ncomponents: [https://example.com]\n",
		"patches: [{path: patch.yaml, target: {kind: ConfigMap}}]\nresources: [a.yaml]\n",
		"configMapGenerator: [{name: g, literals: [a=b]}]\n",
		"resources: [a.yaml]\nreplacements: [{source: {kind: ConfigMap, fieldPath: metadata.name}, targets: [{select: " +
			"{kind: ConfigMap}, fieldPaths: [data.x], options: {create: true}}]}]\n",
		"resources: [a.yaml]\nlabels: [{pairs: {a: b}, fields: [{path: x/y, create: true}]}]\n",
		"resources: [a.yaml]\nimages: [{name: a, newTag: b}]\nreplicas: [{name: a, count: 3}]\n",
		"sortOptions: {order: fifo}\nresources: [a.yaml]\n", "resources:\n- ../../base - ../x\n",
	} {
		f.Add(seed)
	}
	offline(f)
	f.Fuzz(func(t *testing.T, kustomization string) {
		_, err := BuildFolder(folder(kustomization), "team")
		if err != nil && strings.Contains(err.Error(), "deadline") {
			t.Error("took too long")
		}
	})
}

// cpuTime returns the CPU time of this process, which does not depend on other processes.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBuilder bounds the builds of one repository together: folders that are small may use the same large base.
func TestBuilder(t *testing.T) {
	offline(t)
	fsys := fstest.MapFS{
		"base/kustomization.yaml": {Data: []byte("resources: [a.yaml]\n")},
		"base/a.yaml":             {Data: []byte(configMapYAML + "data: {a: " + strings.Repeat("x", 900_000) + "}\n")},
	}
	const folders = 6
	for i := range folders {
		fsys[fmt.Sprintf("f%d/kustomization.yaml", i)] = &fstest.MapFile{Data: []byte("resources: [../base]\n")}
	}
	b := Builder{}
	b.weight = b.most() - 3<<20
	built := 0
	for i := range folders {
		_, err := b.BuildFolder(fsys, fmt.Sprintf("f%d", i))
		if refusal := (diag.Diagnostic{}); errors.As(err, &refusal) && refusal.Reason == diag.TooLarge {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		built++
	}
	if built != 3 {
		t.Errorf("%d of %d folders were built, and 3 have room", built, folders)
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/facts"
	"syncer.dev/syncer/internal/workspace/immutable"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

func loadFiles(t *testing.T, files map[string]string, o load.Options) *workspace.Set {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := load.Load(tree, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const served = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {app: phi}}
inference:
  preset: {name: phi-4-mini-instruct}
`

// TestProblems lists all problems of a folder of broken files.
func TestProblems(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	set, err := load.Load(os.DirFS("testdata/invalid"), load.Options{Namespaces: []string{"default"}})
	if err != nil {
		t.Fatal(err)
	}
	problems := append(set.Problems, admission.Validate(set, catalog, workspace.Env{})...)
	var b bytes.Buffer
	for _, p := range problems {
		fmt.Fprintln(&b, p.String())
	}
	fmt.Fprintf(&b, "broken: %v\n", set.Unreadable)
	if strings.Contains(b.String(), "geheim") {
		t.Error("a secret is shown")
	}
	golden.Equal(t, "testdata/invalid.golden", b.Bytes())
}

func TestSeveralDocumentsAndObjects(t *testing.T) {
	set := loadFiles(t, map[string]string{
		"a/all.yaml": served + "---\n---\n" + strings.ReplaceAll(served, "phi", "other") + `---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: b}
`,
		"presets/models/x/preset.yaml": "not: read",
		".github/workflows/ci.yaml":    "not: read",
		"skip/x.yaml":                  "not: [read",
		"syncer.yaml":                  "apiVersion: syncer.dev/v1alpha1\nkind: Config\n",
		"notes.txt":                    "not read",
	}, load.Options{Skip: []string{"skip"}})
	if len(set.Problems) > 0 || len(set.Workspaces) != 2 || len(set.Objects) != 1 {
		t.Fatalf("%+v", set)
	}
	if w := set.Workspaces[0]; w.Name != "other" || w.Namespace != "default" || w.Source.Line != 11 {
		t.Errorf("%+v", w.Source)
	}
	if at := set.Workspaces[1].At("inference.preset.name"); at.Path != "a/all.yaml" || at.Line != 8 {
		t.Errorf("position %+v", at)
	}
}

func TestDuplicatesBlockEachOther(t *testing.T) {
	set := loadFiles(t, map[string]string{"a.yaml": served, "b.yaml": served}, load.Options{})
	if len(set.Workspaces) != 1 || len(set.ErrorsOf(set.Workspaces[0].Key)) != 2 {
		t.Errorf("%+v", set.Problems)
	}
}

func TestDumpedFromACluster(t *testing.T) {
	const metadata = `metadata:
  name: phi
  uid: 1-2-3
  creationTimestamp: 2026-01-01T00:00:00Z
  managedFields: [{manager: x}]`
	text := strings.Replace(served, "metadata: {name: phi}", metadata, 1) + "status: {state: Ready}\n"
	set := loadFiles(t, map[string]string{"a.yaml": text}, load.Options{})
	for _, p := range set.Problems {
		if p.Severity == diag.Error {
			t.Error(p)
		}
	}
	if len(set.Problems) != 2 || len(set.Workspaces) != 1 {
		t.Errorf("%v", set.Problems)
	}
}

func TestAlphaDefaults(t *testing.T) {
	set := loadFiles(
		t,
		map[string]string{
			"a.yaml": strings.NewReplacer("v1beta1", "v1alpha1", "  instanceType: Standard_NC24ads_A100_v4\n", "").
				Replace(served),
		},
		load.Options{},
	)
	if got := set.Workspaces[0].Resource.InstanceType; got != "Standard_NC24ads_A100_v4" {
		t.Errorf("instance type %q", got)
	}
}

func TestDigest(t *testing.T) {
	const config = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {inference_config.yaml: "vllm: {max-model-len: 1024}"}
`
	base := served + "  config: c\n" + config
	digest := func(text string) string {
		t.Helper()
		return loadFiles(t, map[string]string{"a.yaml": text}, load.Options{}).Workspaces[0].Digest
	}
	want := digest(base)
	for name, same := range map[string]string{
		"comment": "# hello\n" + base,
		"order": strings.Replace(base,
			"apiVersion: kaito.sh/v1beta1\nkind: Workspace\n", "kind: Workspace\napiVersion: kaito.sh/v1beta1\n", 1),
		"style":   strings.Replace(base, "{app: phi}", "{\"app\": 'phi'}", 1),
		"suspend": strings.Replace(base, "{name: phi}", "{name: phi, annotations: {syncer.dev/suspend: \"true\"}}", 1),
	} {
		if digest(same) != want {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, other := range map[string]string{
		"model":      strings.Replace(base, "phi-4-mini-instruct", "phi-4", 1),
		"ConfigMap":  strings.Replace(base, "1024", "2048", 1),
		"annotation": strings.Replace(base, "{name: phi}", "{name: phi, annotations: {kaito.sh/runtime: transformers}}", 1),
	} {
		if digest(other) == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
	set := loadFiles(t, map[string]string{"a.yaml": base}, load.Options{})
	if got := workspace.MaxModelLen(set, &set.Workspaces[0]); got != 1024 {
		t.Errorf("max-model-len %d", got)
	}
}

func TestKustomization(t *testing.T) {
	files := map[string]string{
		"base/kustomization.yaml": "resources: [phi.yaml]", "base/phi.yaml": served,
		"prod/kustomization.yaml": "resources: [../base]", "prod/patch.yaml": "x: y",
	}
	var built []string
	set := loadFiles(t, files, load.Options{Build: func(_ fs.FS, dir string) (load.Built, error) {
		built = append(built, dir)
		return load.Built{Text: []byte(served)}, nil
	}})
	if len(built) != 1 || built[0] != "prod" || len(set.Workspaces) != 1 || set.Workspaces[0].Source.Path != "prod" {
		t.Errorf("built %v, %+v", built, set)
	}
	no := func(fs.FS, string) (load.Built, error) { return load.Built{}, errors.New("no") }
	set = loadFiles(t, files, load.Options{Build: no})
	if len(set.Unreadable) != 1 || set.Unreadable[0] != "prod" || set.MayHold("anything") != "prod" {
		t.Errorf("%+v", set)
	}
}

// TestUnreadableFiles lists ways to hide a Workspace from a reader. Each makes the file unreadable, so that syncer
// deletes nothing that came from it.
func TestUnreadableFiles(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"misspelt kind":   {"a.yaml": strings.Replace(served, "kind: Workspace", "kind: Worksapce", 1)},
		"lower-case kind": {"a.yaml": strings.Replace(served, "kind: Workspace", "kind: workspace", 1)},
		"wrong group":     {"a.yaml": strings.Replace(served, "kaito.sh/v1beta1", "kaito.io/v1beta1", 1)},
		"no kind":         {"a.yaml": strings.Replace(served, "kind: Workspace\n", "", 1)},
		"list":            {"a.yaml": "apiVersion: v1\nkind: List\nitems: [{kind: Workspace, metadata: {name: phi}}]"},
		"repeated key":    {"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: phi}\ndata: {a: b, a: c}"},
		"kustomization loop": {
			"a/kustomization.yaml": "resources: [../b, phi.yaml]",
			"b/kustomization.yaml": "resources: [../a]",
			"a/phi.yaml":           served,
		},
	} {
		set := loadFiles(
			t,
			files,
			load.Options{Build: func(fs.FS, string) (load.Built, error) { return load.Built{}, errors.New("a cycle") }},
		)
		if len(set.Unreadable) == 0 || set.MayHold("phi") == "" || len(set.Problems) == 0 {
			t.Errorf("%s: broken %v, problems %v", name, set.Unreadable, set.Problems)
		}
	}
}

func TestMayHold(t *testing.T) {
	set := loadFiles(
		t,
		map[string]string{"a.yaml": "metadata: {name: phi-4}\nx: [", "big.yaml": strings.Repeat("#", 2<<20)},
		load.Options{},
	)
	if set.MayHold("phi-4") != "a.yaml" {
		t.Error("a broken file that has the name is not found")
	}
	if set.MayHold("phi") != "big.yaml" {
		t.Error("an unreadable file may hold any Workspace")
	}
}

func FuzzLoad(f *testing.F) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(served))
	f.Add([]byte(inferenceSet))
	f.Add([]byte(tuned))
	f.Add([]byte(`apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata: {name: x}
inference: {adapters: [{}], preset: {}}
tuning: {input: {urls: ["http://[::1]"]}}`))
	f.Add([]byte(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: x}
inference:
  config: c
  template: {spec: {containers: [{name: c, resources: {limits: {cpu: 1m}}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {inference_config.yaml: 'vllm: {max-model-len: 1}'}
`))
	for _, archive := range []string{"existing_nodes.txtar", "references.txtar", "samples.txtar", "hostile.txtar"} {
		for _, c := range archivedCases(f, archive) {
			f.Add([]byte(c.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := load.Load(fstest.MapFS{"a.yaml": {Data: data}}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		live, _, err := facts.Load(fstest.MapFS{"a.yaml": {Data: data}}, ".")
		if err != nil {
			t.Fatal(err)
		}
		if changes := immutable.Changes(set, set); len(changes) > 0 {
			t.Fatalf("nothing has changed: %v", changes)
		}
		problems := append(set.Problems, admission.Validate(set, catalog, workspace.Env{ClosedWorld: true, Size: sizeOf})...)
		problems = append(problems, admission.Validate(set, catalog, workspace.Env{BYO: true, Facts: live})...)
		for _, p := range problems {
			if p.Path != "a.yaml" || p.Line < 1 || p.Column < 1 {
				t.Fatalf("incomplete problem %+v", p)
			}
		}
	})
}

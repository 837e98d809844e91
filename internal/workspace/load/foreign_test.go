// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestForeign lists files of other programs, which are left alone, and files that are meant for syncer and lack
// something, which are not: a Workspace must not vanish because of a typing mistake.
func TestForeign(t *testing.T) {
	const required = "apiVersion: is required"
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
	for name, test := range map[string]struct{ file, text, want string }{
		"compose":             {"compose.yaml", "version: '3'\nservices: {web: {image: x}}\n", ""},
		"GitLab":              {".gitlab-ci.yml", "stages: [test]\n", ""},
		"GitLab, with a tag":  {".gitlab-ci.yml", "test:\n  script: !reference [.setup, script]\n", ""},
		"mkdocs, with a tag":  {"mkdocs.yml", "emoji_index: !!python/name:material.emoji.twemoji\n", ""},
		"broken, foreign":     {"a.yml", "x: [\n", "warning"},
		"ours, with a tag":    {"a.yaml", served + "  x: !reference [a]\n", "error"},
		"Helm chart":          {"Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n", ""},
		"values":              {"values.yaml", "inference: {replicas: 1}\nmeta: {}\napi: x\nmetrics: {}\n", ""},
		"Drone":               {".drone.yml", "kind: pipeline\ntype: docker\nname: default\n", ""},
		"playbook":            {"site.yml", "- hosts: all\n  roles: [a]\n", ""},
		"package":             {"package.json", `{"name": "x"}`, ""},
		"large data":          {"data.json", "[" + strings.Repeat("1,", 1<<20) + "1]", ""},
		"JSON with comments":  {"tsconfig.json", "{ // comment\n}", ""},
		"pointer for data":    {"data.json", pointer, ""},
		"documents":           {"docs.yaml", "a: 1\n---\nb: 2\n", ""},
		"no apiVersion":       {"a.yaml", strings.TrimPrefix(served, "apiVersion: kaito.sh/v1beta1\n"), required},
		"neither":             {"a.yaml", served[strings.Index(served, "metadata"):], "apiVersion: is required"},
		"no header at all":    {"a.yaml", served[strings.Index(served, "inference"):], "apiVersion: is required"},
		"misspelt":            {"a.yaml", "apiVerson: kaito.sh/v1beta1\nkind: Wrkspace\n", "apiVersion: is required"},
		"lower case":          {"a.yaml", "apiversion: x\nKind: Workspace\n", "apiVersion: is required"},
		"foreign among ours":  {"a.yaml", served + "---\na: 1\n", "apiVersion: is required"},
		"list of Workspaces":  {"a.yaml", "- {apiVersion: kaito.sh/v1beta1, kind: Workspace}\n", "must be a mapping"},
		"plain text":          {"a.yaml", "phi\n", "must be a mapping"},
		"broken, ours":        {"a.yaml", "kind: Workspace\nx: [\n", "error"},
		"pointer for YAML":    {"a.yaml", pointer, "pointer of Git LFS"},
		"UTF-16 without mark": {"a.yaml", "a\x00p\x00i\x00V\x00", "UTF-16"},
		"a Node":              {"node.json", `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}`, ""},
	} {
		set := loadFiles(t, map[string]string{test.file: test.text}, load.Options{})
		var all []string
		for _, p := range set.Problems {
			all = append(all, p.String())
		}
		text := strings.Join(all, "\n")
		if test.want == "" && text != "" || !strings.Contains(text, test.want) {
			t.Errorf("%s: %q, want %q", name, text, test.want)
		}
		if foreign := test.want == "" && len(set.Nodes) == 0 || test.want == "warning"; foreign != (set.Foreign == 1) {
			t.Errorf("%s: %d files count as foreign", name, set.Foreign)
		}
		if strings.Contains(text, "error") != (len(set.Unreadable) > 0) {
			t.Errorf("%s: unreadable %v with problems %s", name, set.Unreadable, text)
		}
	}
}

// names are patterns that match names in the folder of their file and below.
type names map[string]string

func (n names) Add(dir string, text []byte) {
	for line := range strings.Lines(string(text)) {
		n[strings.TrimSpace(line)] = dir
	}
}

func (n names) Ignored(name string, _ bool) bool {
	dir, ok := n[path.Base(name)]
	return ok && (dir == "." || strings.HasPrefix(name, dir+"/"))
}

// TestIgnoreFile covers files in the root of the tree, in the folder that is read, and in folders below it.
func TestIgnoreFile(t *testing.T) {
	phi := func(name string) string { return strings.ReplaceAll(served, "phi}", name+"}") }
	tree := map[string]string{
		find.IgnoreFile:                  "templates\n",
		"models/" + find.IgnoreFile:      "draft.yaml\n",
		"models/team/" + find.IgnoreFile: "own.yaml\n",
		"elsewhere/" + find.IgnoreFile:   "team\n",
		"models/templates/x.yaml":        "kind: [", "models/draft.yaml": "kind: [", "models/own.yaml": phi("own"),
		"models/team/own.yaml": "kind: [", "models/team/a.yaml": phi("a"), "elsewhere/b.yaml": "kind: [",
		"models/built/kustomization.yaml": "resources: [draft.yaml]", "models/built/draft.yaml": phi("built"),
	}
	options := load.Options{Root: "models", Patterns: func() find.Patterns { return names{} }}
	options.Build = func(fsys fs.FS, dir string) (load.Built, error) {
		text, err := fs.ReadFile(fsys, dir+"/draft.yaml")
		return load.Built{Text: text, Files: []string{dir + "/kustomization.yaml", dir + "/draft.yaml"}}, err
	}
	set := loadFiles(t, tree, options)
	var got []string
	for _, w := range set.Workspaces {
		got = append(got, w.Name)
	}
	if diff := cmp.Diff([]string{"a", "built", "own"}, got); diff != "" || len(set.Problems) > 0 {
		t.Errorf("problems %v (-want +got):\n%s", set.Problems, diff)
	}
	for name, text := range map[string]string{
		"too large": strings.Repeat("#", 1<<17), "too many lines": strings.Repeat("x\n", 2000), "without patterns": "x\n",
	} {
		options := load.Options{Patterns: options.Patterns}
		if name == "without patterns" {
			options.Patterns = nil
		}
		set := loadFiles(t, map[string]string{find.IgnoreFile: text}, options)
		if len(set.Problems) != 1 || set.Problems[0].Severity != diag.Error {
			t.Errorf("%s: %v", name, set.Problems)
		}
	}
}

// TestNotRead lists what a tree names but does not hold.
func TestNotRead(t *testing.T) {
	out := func(why files.Unread) *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeIrregular, Sys: why} }
	set, err := load.Load(fstest.MapFS{
		"models/a.yaml": out(files.Link), "models/folder": out(files.Link), "models/README.md": out(files.Link),
		"models/.hidden": out(files.Link), "models/module": out(files.Submodule), "models/mod.ule": out(files.Submodule),
		"models/own.yaml": out(files.Ignored), "models/socket": out(files.Special), "other/b.yaml": out(files.Link),
		"models/phi.yaml": {Data: []byte(served)}, "presets/models/x/preset.yaml": out(files.Link),
		"presets/base": out(files.Link), "models/presets/models/y": out(files.Submodule),
	}, load.Options{Root: "models"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range set.Problems {
		if p.Severity != diag.Warning || p.Reason != diag.NotRead || p.Hint == "" {
			t.Errorf("%+v", p)
		}
		got = append(got, p.Path)
	}
	want := []string{
		"models/a.yaml", "models/folder", "models/mod.ule", "models/module", "models/own.yaml", "models/presets/models/y",
		"presets/base", "presets/models/x/preset.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(set.Workspaces) != 1 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnlisted warns about files beside a kustomization, and about notes that hold in every build of their file.
func TestUnlisted(t *testing.T) {
	note := diag.Warningf(diag.NoObjectSelected, "selects no object").In("base/kustomization.yaml").At(3, 1)
	own := diag.Warningf(diag.NoObjectSelected, "selects no object").In("a/kustomization.yaml").At(1, 1)
	tree := map[string]string{
		"a/kustomization.yaml": "resources: [../base, phi.yaml]", "b/kustomization.yaml": "resources: [../base]",
		"base/kustomization.yaml": "",
		"a/phi.yaml":              served,
		"a/forgotten.yaml":        served,
		"a/sub/params.yaml": "apiVersion: v1\n" +
			"kind: ConfigMap\nmetadata: {name: params}\n",
		"base/values.yaml": "a: 1",
		"a/role.yaml":      "apiVersion: x/v1\nkind: Role\n",
		"base/broken.yaml": "kind: [",
	}
	shared := []string{"base/kustomization.yaml"}
	built := map[string]load.Built{
		"a": {Files: append([]string{"a/kustomization.yaml", "a/phi.yaml"}, shared...), Notes: []diag.Diagnostic{note, own}},
		"b": {Files: append([]string{"b/kustomization.yaml"}, shared...)},
	}
	said := func() []string {
		build := func(_ fs.FS, dir string) (load.Built, error) { return built[dir], nil }
		set := loadFiles(t, tree, load.Options{Build: build})
		var got []string
		for _, p := range set.Problems {
			got = append(got, p.Path+" "+string(p.Reason))
		}
		return got
	}
	want := []string{
		"a/forgotten.yaml FileNotListed", "a/kustomization.yaml NoObjectSelected", "a/sub/params.yaml FileNotListed",
	}
	if diff := cmp.Diff(want, said()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	both := built["b"]
	both.Notes = []diag.Diagnostic{note}
	built["b"] = both
	if got := said(); !slices.Contains(got, "base/kustomization.yaml NoObjectSelected") {
		t.Errorf("a patch without effect in both builds: %v", got)
	}
}

// TestOverlayForEachCluster reads two overlays of one Workspace, which are meant for two clusters.
func TestOverlayForEachCluster(t *testing.T) {
	tree := map[string]string{
		"a/kustomization.yaml": "resources: [../base]", "b/kustomization.yaml": "resources: [../base]",
		"base/kustomization.yaml": "resources: [phi.yaml]", "base/phi.yaml": served,
	}
	build := func(fs.FS, string) (load.Built, error) { return load.Built{Text: []byte(served)}, nil }
	set := loadFiles(t, tree, load.Options{Build: build})
	for _, p := range set.Problems {
		if p.Reason != diag.DuplicateWorkspace || !strings.Contains(p.Hint, "source.path") {
			t.Errorf("%+v", p)
		}
	}
	if len(set.Problems) != 2 {
		t.Errorf("%v", set.Problems)
	}
	set = loadFiles(t, tree, load.Options{Root: "a", Build: build})
	if len(set.Problems) > 0 || len(set.Workspaces) != 1 {
		t.Errorf("the overlay of one cluster: %v", set.Problems)
	}
}

// TestPlainObjects lists what the API server refuses of a plain object, each at its place.
func TestPlainObjects(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\n"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"numbers": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {v: 1}}\ndata: {port: 8080, on: true, ok: x}\n",
			[]string{"3:33 metadata.labels.v", "4:14 data.port", "4:24 data.on"},
		},
		"an unknown field": {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndta: {a: b}\n", []string{"4:1 dta"}},
		"a claim": {
			"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n" +
				"spec: {accessModes: ReadWriteOnce, resources: {requests: {storage: big}}}\n",
			[]string{"4:21 spec.accessModes", "4:68 spec.resources.requests.storage"},
		},
		"names": {
			configMap + "metadata: {name: C_1, labels: {'a b': x, c: 'd e'}, annotations: {'e f': g}}\ndata: {'h i': j}\n",
			[]string{
				"3:18 metadata.name", "3:32 metadata.labels.a b", "3:45 metadata.labels.c",
				"3:67 metadata.annotations.e f", "4:8 data.h i",
			},
		},
		"a custom resource": {
			"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n" +
				"metadata: {name: e, labels: {v: true}}\nspec: {anything: 1}\n",
			[]string{"3:33 metadata.labels.v"},
		},
		"binary data": {configMap + "metadata: {name: c}\nbinaryData: {a: aGVsbG8=}\nimmutable: true\n", nil},
		"binary data that is none": {
			configMap + "metadata: {name: c}\ndata: {b: x}\nbinaryData: {a: 'a b', b: YQ==}\n",
			[]string{"5:17 binaryData.a", "5:24 binaryData.b"},
		},
		"more data than fits": {
			configMap + "metadata: {name: c}\ndata: {a: &a " + strings.Repeat("x", 600_000) + ", b: *a}\n",
			[]string{"1:1 data"},
		},
		"a claim of nothing": {
			"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n",
			[]string{"1:1 spec.accessModes", "1:1 spec.resources.requests.storage"},
		},
		"a claim with odd values": {
			"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n" +
				"spec: {accessModes: [ReadWrite], volumeMode: file, resources: {requests: {storage: 0}}}\n",
			[]string{"4:22 spec.accessModes", "4:46 spec.volumeMode", "4:84 spec.resources.requests.storage"},
		},
		"a good claim": {
			"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n" +
				"spec: {accessModes: [ReadWriteMany], volumeMode: Block, resources: {requests: {storage: 100Gi}}}\n",
			nil,
		},
		"dumped": {
			configMap + "metadata: {name: c, creationTimestamp: null, managedFields: [{manager: m, fieldsV1: {}}]}\n",
			nil,
		},
	} {
		set := loadFiles(t, map[string]string{"a.yaml": test.text}, load.Options{})
		var got []string
		for _, p := range set.Problems {
			got = append(got, strings.TrimPrefix(p.Position.String(), "a.yaml:")+" "+p.Field)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%v", name, diff, set.Problems)
		}
		if len(set.Objects) == 1 == (len(test.want) > 0) {
			t.Errorf("%s: %d objects", name, len(set.Objects))
		}
	}
}

// TestRoot reads one folder of a tree, and finds patches and duplicates with their paths in the tree.
func TestRoot(t *testing.T) {
	set := loadFiles(t, map[string]string{
		"a/phi.yaml":       served,
		"a/phi.patch.yaml": "kind: StatefulSet\n",
		"b/phi.yaml":       served,
		"a/presets/x.yaml": "kind: [",
		"a/status/x.yaml":  "kind: [",
		"a/own/x.yaml":     "kind: [",
	}, load.Options{Root: "a/", Skip: []string{"a/status"}, Presets: "a/own"})
	if len(set.Problems) > 0 || len(set.Workspaces) != 1 || set.Workspaces[0].Source.Path != "a/phi.yaml" ||
		set.Workspaces[0].Patch == nil || set.Workspaces[0].Patch.Path != "a/phi.patch.yaml" {
		t.Errorf("%v, %+v", set.Problems, set.Workspaces)
	}
	if set.Find(workspace.Key{Namespace: "default", Name: "phi"}) == nil {
		t.Error("phi is not found")
	}
}

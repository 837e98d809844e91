// SPDX-License-Identifier: Apache-2.0

package find_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace/find"
)

// tree returns files by their names. Those of kustomizations refer to what the text lists.
func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// TestFiles sorts the files of a tree by how they are read.
func TestFiles(t *testing.T) {
	got, err := find.Files(tree(map[string]string{
		"models/a.yaml": "", "models/b.yml": "", "models/c.json": "", "models/README.md": "", "models/.hidden/x.yaml": "",
		"models/a.patch.yaml": "", "models/status/s.yaml": "", "models/presets/p.yaml": "", "models/own/p.yaml": "",
		"models/base/kustomization.yaml": "resources: [w.yaml]", "models/base/w.yaml": "",
		"models/prod/kustomization.yml": "resources: [../base, ../common.yaml]", "models/prod/sub/extra.yaml": "",
		"models/common.yaml": "", "models/ring/1/Kustomization": "bases: [../2]", "other/z.yaml": "",
		"models/ring/2/kustomization.yaml": "components: [../1]",
	}), find.Options{
		Root: "models", Skip: []string{"models/status"}, Presets: "models/own", Manifests: 100, FileBytes: 100,
	})
	want := find.Found{
		Files:   []string{"models/a.yaml", "models/b.yml", "models/c.json"},
		Patches: []string{"models/a.patch.yaml"},
		Folders: []string{"models/prod", "models/ring/1", "models/ring/2"},
		Beside:  []string{"models/base/w.yaml", "models/prod/sub/extra.yaml"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

// TestManifests: a tree of more files than Options allow is an error that names the setting.
func TestManifests(t *testing.T) {
	files := tree(map[string]string{"a.yaml": "", "b.yaml": "", "c.txt": ""})
	if _, err := find.Files(files, find.Options{Root: ".", Manifests: 2}); err != nil {
		t.Error(err)
	}
	_, err := find.Files(files, find.Options{Root: ".", Manifests: 1})
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Reason != diag.TooLarge || !strings.Contains(d.Message, "source.limits.manifests") {
		t.Errorf("error %v", err)
	}
}

// counted counts how often a path is compared.
type counted struct{ calls *int }

func (counted) Add(string, []byte) {}

func (c counted) Ignored(string, bool) bool { *c.calls++; return false }

// TestLimitOfIgnoring: a file of wildcards and a tree of long names, which takes few bytes in Git, is an error.
func TestLimitOfIgnoring(t *testing.T) {
	long := fstest.MapFS{find.IgnoreFile: {Data: []byte(strings.Repeat("*"+strings.Repeat("a", 60)+"\n", 999))}}
	short := fstest.MapFS{find.IgnoreFile: {Data: []byte(strings.Repeat("ci/*.json\n", 20))}}
	for i := range 5000 {
		long[fmt.Sprintf("%s%d", strings.Repeat("a", 200), i)] = &fstest.MapFile{}
		short[fmt.Sprintf("apps/team/files/%d.txt", i)] = &fstest.MapFile{}
	}
	for _, tt := range []struct {
		files fstest.MapFS
		most  int
		want  string
	}{{long, 200, "too many lines in files named .syncerignore"}, {short, 6000, ""}} {
		calls := 0
		_, err := find.Files(tt.files, find.Options{
			Root: ".", Manifests: 10_000, Patterns: func() find.Patterns { return counted{&calls} },
		})
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) || calls > tt.most {
			t.Errorf("%d comparisons, error %v, want %q", calls, err, tt.want)
		}
	}
}

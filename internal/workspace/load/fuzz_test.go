// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/git/worktree"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/load"
)

// outside returns an object or Workspace that Load returns for a file although the lists do not allow it, or "".
func outside(t *testing.T, text string) string {
	t.Helper()
	set, err := load.Load(
		fstest.MapFS{"a.yaml": {Data: []byte(text)}},
		load.Options{Namespaces: []string{"default", "team"}, Objects: []string{"ConfigMap"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := []any{"default", "team"}
	for _, o := range set.Objects {
		meta, _ := o.Content["metadata"].(map[string]any)
		if o.Content["apiVersion"] != "v1" || o.Content["kind"] != "ConfigMap" ||
			!slices.Contains(namespaces, meta["namespace"]) {
			return "an object"
		}
	}
	for i := range set.Workspaces {
		if w := &set.Workspaces[i]; !slices.Contains(namespaces, any(w.Namespace)) && len(set.ErrorsOf(w.Key)) == 0 {
			return "Workspace " + w.Key.String()
		}
	}
	return ""
}

func TestHiddenKinds(t *testing.T) {
	for name, file := range archivedFiles(t, "hidden.txtar") {
		if found := outside(t, string(file.Data)); found != "" {
			t.Errorf("%s: %s that is not allowed", name, found)
		}
	}
}

// FuzzAllowed loads any bytes: Load returns no object outside of the lists of kinds and namespaces.
func FuzzAllowed(f *testing.F) {
	f.Add(served)
	for _, file := range archivedFiles(f, "hidden.txtar") {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found := outside(t, text); found != "" {
			t.Fatalf("%q: %s that is not allowed", text, found)
		}
	})
}

// FuzzIgnoreFile: an ignore file of any bytes takes files out that its patterns match, and changes nothing else: what
// is left is what the same files give without it. A file that counts for nothing is a problem.
func FuzzIgnoreFile(f *testing.F) {
	for _, text := range []string{
		"", "a.yaml", "/a.yaml\n", "*.yaml\n!b.yaml\n", "team/\n", "**/c.yaml\r\n", "# a.yaml\n\n",
		"te*\n!team/c.yaml\n", "\\#\n",
		"[", "\xff\xfe", "!", "/", "team/**/c.yaml", strings.Repeat("*", 300), "\x00a.yaml",
	} {
		f.Add([]byte(text))
	}
	workspaces := map[string]string{"a.yaml": "a", "b.yaml": "b", "team/c.yaml": "c", "team/sub/d.json": "d"}
	tree := func(t *testing.T, ignore []byte, keep func(name string) bool) *workspace.Set {
		t.Helper()
		fsys := fstest.MapFS{}
		for name, w := range workspaces {
			if keep(name) {
				fsys[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(served, "name: phi", "name: "+w))}
			}
		}
		if ignore != nil {
			fsys[find.IgnoreFile] = &fstest.MapFile{Data: ignore}
		}
		set, err := load.Load(fsys, load.Options{Patterns: func() find.Patterns { return &worktree.Ignore{} }})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := tree(t, text, func(string) bool { return true })
		if len(got.Problems) > 0 { // too large, or too many lines
			if p := got.Problems[0]; p.Path != find.IgnoreFile || p.Message == "" || len(got.Workspaces) != len(workspaces) {
				t.Fatalf("%q: %v, %v", text, got.Problems, keysOf(got))
			}
			return
		}
		patterns := worktree.Ignore{}
		patterns.Add(".", text)
		want := tree(t, nil, func(name string) bool { return !patterns.Ignored(name, false) })
		if diff := cmp.Diff(keysOf(want), keysOf(got)); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

func keysOf(set *workspace.Set) []string {
	keys := []string{}
	for i := range set.Workspaces {
		keys = append(keys, set.Workspaces[i].Key.String())
	}
	slices.Sort(keys)
	return keys
}

// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace/find"
)

// suffixes are patterns that match names by their end, in place of those of Git.
type suffixes map[string]bool

func (s suffixes) Add(_ string, text []byte) {
	for line := range strings.Lines(string(text)) {
		s[strings.TrimSpace(line)] = true
	}
}

func (s suffixes) Ignored(name string, _ bool) bool {
	for at := name; at != "."; at = path.Dir(at) {
		if s[path.Base(at)] {
			return true
		}
	}
	return false
}

// knowing returns a reader that knows what Git tracks.
func knowing(tracked ...string) source.Reader {
	r := source.NewReader(config.Default())
	index := map[string]bool{}
	for _, name := range tracked {
		index[name] = true
	}
	r.Git = source.Git{
		Patterns: func() find.Patterns { return suffixes{} },
		WorkTree: func(string) (find.Patterns, map[string]bool, error) {
			return suffixes{"excluded.yaml": true}, index, nil
		},
	}
	return r
}

// TestFolderIsAFileSystem runs the checks of the standard library.
func TestFolderIsAFileSystem(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "a", "b/c/d.yaml": "d", "b/e.yaml": "e", "empty/": ""})
	if err := fstest.TestFS(source.Folder(dir), "a.yaml", "b/c/d.yaml", "b/e.yaml", "empty"); err != nil {
		t.Error(err)
	}
	if _, err := fs.ReadFile(source.Folder(filepath.Join(dir, "nowhere")), "a.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}

// TestFolderFollowsNoLink makes links of every kind. None of them may be opened, and neither may
// what belongs to Git.
func TestFolderFollowsNoLink(t *testing.T) {
	dir := tree(t, map[string]string{
		"secret.txt": "geheim", "elsewhere/x.yaml": "geheim",
		"repo/.git/config":             "geheim",
		"repo/models/a.yaml":           "a",
		"repo/module/.git":             "gitdir: x",
		"repo/module/x.yaml":           "geheim",
		"repo/models/nested/.git/HEAD": "x", "repo/models/nested/x.yaml": "geheim",
	})
	for name, target := range map[string]string{
		"repo/models/absolute.yaml": filepath.Join(dir, "secret.txt"), "repo/models/up.yaml": "../../secret.txt",
		"repo/models/inside.yaml": "a.yaml", "repo/models/folder": "../../elsewhere", "repo/models/passwd": "/etc/passwd",
		"repo/models/chain.yaml": "up.yaml", "repo/models/dangling.yaml": "nowhere", "repo/models/git": "../.git",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := knowing().OpenPath(filepath.Join(dir, "repo", "models"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	err = fs.WalkDir(got.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(got.Files, name)
		if strings.Contains(string(text), "geheim") {
			t.Errorf("%s was read", name)
		}
		if (err == nil) != (files.Why(info) == "") {
			t.Errorf("%s: %q and error %v", name, files.Why(info), err)
		}
		found[name] = string(files.Why(info))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	link, module := string(files.Link), string(files.Submodule)
	want := map[string]string{
		"models/a.yaml": "", "models/absolute.yaml": link, "models/up.yaml": link, "models/inside.yaml": link,
		"models/folder": link, "models/passwd": link, "models/chain.yaml": link, "models/dangling.yaml": link,
		"models/git": link, "module": module, "models/nested": module,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{
		".git/config", ".GIT/config", "models/folder/x.yaml", "models/git/config", "module/x.yaml", "models/nested/x.yaml",
	} {
		if _, err := fs.ReadFile(got.Files, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOddNames lists what the Git snapshot would refuse.
func TestOddNames(t *testing.T) {
	dir := tree(t, map[string]string{"a\\b.yaml": "", "c\nd.yaml": "", "e\xff.yaml": "", "f/g.yaml": ""})
	entries, err := fs.ReadDir(source.Folder(dir), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || (files.Why(info) == files.OddName) == (e.Name() == "f") {
			t.Errorf("%q: %q, %v", e.Name(), files.Why(info), err)
		}
	}
}

// TestIgnored leaves out what no commit will have, and lists what may be missed.
func TestIgnored(t *testing.T) {
	dir := tree(t, map[string]string{
		"repo/.git/HEAD": "", "repo/.gitignore": "local.yaml\nbuild\nnode_modules\n", "repo/models/.gitignore": "team.yaml\n",
		"repo/models/a.yaml":                      "a",
		"repo/models/local.yaml":                  "b",
		"repo/models/team.yaml":                   "c",
		"repo/models/kept/local.yaml":             "d",
		"repo/models/excluded.yaml":               "e",
		"repo/models/local.txt":                   "f",
		"repo/models/build/phi.yaml":              "apiVersion: kaito.sh/v1beta1",
		"repo/models/node_modules/x/package.json": "{}", "repo/team.yaml": "g",
	})
	open := func(r source.Reader, name string) map[string]string {
		t.Helper()
		got, err := r.OpenPath(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		err = fs.WalkDir(got.Files, got.Root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
				return err
			}
			info, err := d.Info()
			found[name] = string(files.Why(info))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range got.Notes {
			found["note on "+n.Path] = n.Message
		}
		return found
	}
	ignored := string(files.Ignored)
	want := map[string]string{
		"models/a.yaml": "", "models/local.yaml": ignored, "models/team.yaml": ignored, "models/kept/local.yaml": "",
		"models/excluded.yaml": ignored, "models/local.txt": "", "models/build": ignored,
	}
	if diff := cmp.Diff(want, open(knowing("models/kept/local.yaml"), "repo/models")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const named = "is ignored by Git; it is read here because it was named, but it is in no commit"
	want = map[string]string{"models/build/phi.yaml": "", "note on models/build": named}
	if diff := cmp.Diff(want, open(knowing(), "repo/models/build")); diff != "" {
		t.Errorf("a folder that was named (-want +got):\n%s", diff)
	}
	want = map[string]string{"local.yaml": "", "note on local.yaml": named}
	if diff := cmp.Diff(want, open(knowing(), "repo/models/local.yaml")); diff != "" {
		t.Errorf("a file that was named (-want +got):\n%s", diff)
	}
	unknown := knowing()
	unknown.Git.WorkTree = func(string) (find.Patterns, map[string]bool, error) { return nil, nil, errors.New("no index") }
	if got := open(unknown, "repo/models"); got["note on models"] == "" || got["models/local.yaml"] != "" {
		t.Errorf("where Git cannot be asked: %v", got)
	}
}

// TestModelFolder follows the links of a download, and those of a repository not.
func TestModelFolder(t *testing.T) {
	dir := tree(t, map[string]string{"blobs/x": "{\"a\": 1}", "snapshot/": "", "repo/.git/HEAD": "", "repo/a.txt": ""})
	for _, name := range []string{"snapshot/config.json", "repo/config.json"} {
		if err := os.Symlink("../blobs/x", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	var in derive.Input
	if err := source.ReadModelFolder(filepath.Join(dir, "snapshot"), &in); err != nil || len(in.Config.Data) == 0 {
		t.Errorf("a download: %q, %v", in.Config.Data, err)
	}
	if err := source.ReadModelFolder(filepath.Join(dir, "repo"), &derive.Input{}); err == nil {
		t.Error("the link of a repository was followed")
	}
	if err := source.ReadModelFiles(filepath.Join(dir, "repo/config.json"), "x", &derive.Input{}); err == nil ||
		!strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a named link of a repository: %v", err)
	}
}

func TestCheckLinks(t *testing.T) {
	dir := tree(t, map[string]string{"repo/.git/HEAD": "", "repo/real/a.yaml": "", "loose/a.yaml": ""})
	for name, target := range map[string]string{
		"repo/link": "real", "repo/real/b.yaml": "a.yaml", "above": "repo", "loose/link": "a.yaml",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, at := range map[string]string{
		"repo/real/a.yaml": "", "repo": "", "above/real": "", "loose/link": "", "repo/nowhere": "",
		"repo/link": "repo/link", "repo/link/a.yaml": "repo/link", "repo/real/b.yaml": "repo/real/b.yaml",
		"above/link/a.yaml": "above/link",
	} {
		err := source.CheckLinks(name)
		var link *source.LinkError
		if (at == "") != (err == nil) || err != nil && (!errors.As(err, &link) || link.Path != filepath.FromSlash(at)) {
			t.Errorf("%s: %v, want a link at %q", name, err, at)
		}
	}
}

// TestElsewhere lists what a change outside of source.path can do to what is read.
func TestElsewhere(t *testing.T) {
	repository := fstest.MapFS{
		"clusters/demo/kustomization.yaml":     {Data: []byte("resources: [../../base, a.yaml, ../p.yaml]\n")},
		"clusters/demo/sub/kustomization.yaml": {Data: []byte("configMapGenerator: [{files: [k=../../../data/f.txt]}]\n")},
		"clusters/p.yaml":                      {},
		"base/kustomization.yaml":              {Data: []byte("resources: [../common, ../clusters/demo/a.yaml]\n")},
		"common/kustomization.yaml":            {Data: []byte("resources: [../base, ../../outside]\n")},
		"clusters/west/kustomization.yaml":     {Data: []byte("resources: [../../west]\n")},
	}
	got, err := source.Elsewhere(repository, "clusters/demo")
	want := []string{"base", "clusters/p.yaml", "common", "data/f.txt", "presets"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

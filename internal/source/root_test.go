// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// tree makes files and folders in a new folder; the name of a folder ends in "/". It returns the folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// repositories has a repository with a configuration, one inside it, one without a configuration, and a plain folder.
func repositories(t *testing.T) string {
	return tree(t, map[string]string{
		"repo/.git/":                  "",
		"repo/syncer.yaml":            "",
		"repo/presets/":               "",
		"repo/workspaces/team/a.yaml": "",
		"repo/inner/.git":             "gitdir: elsewhere",
		"repo/inner/b.yaml":           "",
		"plain/.git/":                 "",
		"plain/cluster/presets/":      "",
		"plain/cluster/app/c.yaml":    "",
		"loose/presets/":              "",
		"loose/d.yaml":                "",
		"loose/team/e.yaml":           "",
		"unversioned/syncer.yaml":     "",
		"unversioned/a/b/c/f.yaml":    "",
		"other/syncer.yaml":           "",
		"other/g.yaml":                "",
		"models/.git/":                "",
		"models/workspaces/presets/":  "",
		"models/workspaces/a/h.yaml":  "",
		"models/presets/":             "",
		"models/elsewhere/presets/":   "",
		"models/elsewhere/i.yaml":     "",
	})
}

func TestFind(t *testing.T) {
	tests := []struct {
		name, in, path string
		want           source.Root
	}{
		{
			"the root itself", ".", "repo",
			source.Root{Dir: "repo", Config: "repo/syncer.yaml", Presets: "repo/presets"},
		},
		{
			"a subfolder", ".", "repo/workspaces/team",
			source.Root{
				Dir: "repo", Config: "repo/syncer.yaml", Presets: "repo/presets",
			},
		},
		{
			"a file", ".", "repo/workspaces/team/a.yaml",
			source.Root{Dir: "repo", Config: "repo/syncer.yaml", Presets: "repo/presets"},
		},
		{
			"a file that does not exist", ".", "repo/workspaces/new.yaml",
			source.Root{Dir: "repo", Config: "repo/syncer.yaml", Presets: "repo/presets"},
		},
		{
			"from a subfolder", "repo/workspaces/team", "a.yaml",
			source.Root{Dir: "../..", Config: "../../syncer.yaml", Presets: "../../presets"},
		},
		{
			"standard input", "repo/workspaces", "-",
			source.Root{Dir: "..", Config: "../syncer.yaml", Presets: "../presets"},
		},
		{"a nested repository", ".", "repo/inner/b.yaml", source.Root{Dir: "repo/inner"}},
		{
			"a repository without a configuration", ".", "plain/cluster/app/c.yaml",
			source.Root{Dir: "plain", Presets: "plain/cluster/presets"},
		},
		{"beside presets, in no repository", ".", "loose/d.yaml", source.Root{Presets: "loose/presets"}},
		{"below presets, in no repository", ".", "loose/team/e.yaml", source.Root{}},
		{
			"a configuration without Git", ".", "unversioned/a/b/c/f.yaml",
			source.Root{Dir: "unversioned", Config: "unversioned/syncer.yaml"},
		},
	}
	dir := repositories(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(filepath.Join(dir, test.in))
			got, err := source.Find(test.path)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestFindAll(t *testing.T) {
	tests := []struct {
		name, in  string
		paths     []string
		want, err string
	}{
		{"the first path with a configuration", ".", []string{"loose/d.yaml", "repo/inner", "repo"}, "repo/syncer.yaml", ""},
		{"twice the same", ".", []string{"repo", "./repo/workspaces"}, "repo/syncer.yaml", ""},
		{"the working folder", "repo", []string{"../loose/d.yaml"}, "syncer.yaml", ""},
		{"no path", "repo/workspaces", nil, "../syncer.yaml", ""},
		{"none", ".", []string{"plain", "loose"}, "", ""},
		{
			"two configurations", ".",
			[]string{"repo", "other/g.yaml"},
			"",
			"repo has the configuration repo/syncer.yaml and other/g.yaml has other/syncer.yaml: " +
				"run a command for each, or select one with --config",
		},
	}
	dir := repositories(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(filepath.Join(dir, test.in))
			got, err := source.FindAll(test.paths)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got.Config != test.want || text != test.err {
				t.Errorf("got %q, error %q, want %q, error %q", got.Config, text, test.want, test.err)
			}
		})
	}
}

// TestPresetsOf covers a configuration that --config names elsewhere: the presets are those that a pass reads.
func TestPresetsOf(t *testing.T) {
	tests := []struct{ file, sourcePath, path, want string }{
		{"/etc/syncer.yaml", "workspaces", "models/workspaces/a/h.yaml", "models/workspaces/presets"},
		{"/etc/syncer.yaml", "workspaces", "models/elsewhere/i.yaml", "models/workspaces/presets"},
		{"/etc/syncer.yaml", "nowhere", "models/elsewhere/i.yaml", "models/presets"},
		{"/etc/syncer.yaml", ".", "models/elsewhere/i.yaml", "models/presets"},
		{"", ".", "models/elsewhere/i.yaml", "models/elsewhere/presets"},
		{"/etc/syncer.yaml", ".", "loose/d.yaml", "loose/presets"},
		{"/etc/syncer.yaml", ".", "repo/inner/b.yaml", ""},
	}
	t.Chdir(repositories(t))
	for _, test := range tests {
		c := config.Default()
		c.Source.Path = test.sourcePath
		r := source.Reader{Config: c, File: test.file}
		if got := r.PresetsOf(test.path); got != test.want {
			t.Errorf("%s with the configuration %q and source.path %s: got %q, want %q",
				test.path, test.file, test.sourcePath, got, test.want)
		}
	}
}

func TestSourceFolders(t *testing.T) {
	t.Chdir(repositories(t))
	c := config.Default()
	c.Source.Path = "workspaces"
	paths := []string{"repo", "repo/", "repo/inner", "repo/workspaces/team", "models", "loose", "nowhere"}
	want := []string{
		"repo/workspaces", "repo/workspaces", "repo/inner", "repo/workspaces/team", "models/workspaces", "loose", "nowhere",
	}
	if diff := cmp.Diff(want, source.Reader{Config: c, File: "syncer.yaml"}.SourceFolders(paths)); diff != "" {
		t.Errorf("with a configuration (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(paths, source.Reader{Config: c}.SourceFolders(paths)); diff != "" {
		t.Errorf("without a configuration (-want +got):\n%s", diff)
	}
}

func TestRepositoryOf(t *testing.T) {
	dir := repositories(t)
	t.Chdir(dir)
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	root, rel, err := source.RepositoryOf("repo/workspaces/team/a.yaml")
	if err != nil || root != filepath.Join(real, "repo") || rel != "workspaces/team/a.yaml" {
		t.Errorf("got %s, %s, %v", root, rel, err)
	}
	if _, _, err := source.RepositoryOf("nowhere"); err == nil {
		t.Error("a path that does not exist has a repository")
	}
}

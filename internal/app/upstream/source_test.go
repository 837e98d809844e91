// SPDX-License-Identifier: Apache-2.0

package upstream_test

import (
	"io/fs"
	"testing"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
)

// fetch returns the revision of a configuration.
func fetch(t *testing.T, c config.Config, head string) (reconcile.Revision, error) {
	t.Helper()
	repo, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	return upstream.Source{Repository: repo, Config: c, Head: head}.Fetch(t.Context())
}

// TestInputs checks which commits have the same inputs as the one before: a pass with equal inputs renders nothing.
func TestInputs(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(*config.Config)
		files   map[string]string
		changed bool
	}{
		{"a Workspace", nil, map[string]string{"workspaces/b.yaml": "x"}, true},
		{"another folder", nil, map[string]string{"docs/b.md": "x"}, false},
		{"presets in the root", nil, map[string]string{"presets/models/x/preset.yaml": "x"}, true},
		{
			"status of another branch in the same folder",
			func(c *config.Config) { c.Source.Path = "." },
			map[string]string{"status/demo/x.yaml": "x"},
			true,
		},
		{
			"status on the same branch",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"status/demo/x.yaml": "x"},
			false,
		},
		{
			"reviews on the same branch",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"reviews/demo/default/x/y.yaml": "x"},
			false,
		},
		{
			"a folder of that name on another branch",
			func(c *config.Config) { c.Source.Path = "." },
			map[string]string{"reviews/a.yaml": "x"},
			true,
		},
		{
			"a Workspace beside status",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"workspaces/b.yaml": "x"},
			true,
		},
		{
			"status inside the folder of Workspaces",
			func(c *config.Config) { c.Status.Path, c.Status.Branch = "workspaces/status", "main" },
			map[string]string{"workspaces/status/demo/x.yaml": "x"},
			false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := apptest.Repository(t)
			c := apptest.Config(t, r.Dir)
			if test.edit != nil {
				test.edit(&c)
			}
			r.Commit(map[string]string{
				"status/demo/old.yaml":            "x",
				"workspaces/status/demo/old.yaml": "x",
			}, "status")
			before, err := fetch(t, c, "")
			if err != nil {
				t.Fatal(err)
			}
			r.Commit(test.files, "two")
			after, err := fetch(t, c, "")
			if err != nil {
				t.Fatal(err)
			}
			if changed := before.Inputs != after.Inputs; changed != test.changed || before.Commit == after.Commit {
				t.Errorf("inputs %q and %q, want changed %t", before.Inputs, after.Inputs, test.changed)
			}
		})
	}
}

// TestInputsElsewhere follows an overlay whose base lies outside of source.path: a change there makes a pass due.
func TestInputsElsewhere(t *testing.T) {
	r := apptest.Repository(t)
	c := apptest.Config(t, r.Dir)
	r.Commit(map[string]string{
		"workspaces/kustomization.yaml": "resources: [../base]\n",
		"base/kustomization.yaml":       "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [../data/f.txt]}]\n",
		"base/a.yaml":                   "a: 1\n",
	}, "overlay")
	inputs := func() string {
		t.Helper()
		rev, err := fetch(t, c, "")
		if err != nil {
			t.Fatal(err)
		}
		if rev.Root != "workspaces" {
			t.Errorf("the root is %q", rev.Root)
		}
		return rev.Inputs
	}
	before := inputs()
	for _, change := range []struct {
		file    string
		changed bool
	}{{"docs/x.md", false}, {"base/a.yaml", true}, {"data/f.txt", true}, {"data/other.txt", false}} {
		r.Commit(map[string]string{change.file: "changed"}, change.file)
		after := inputs()
		if (before != after) != change.changed {
			t.Errorf("%s: inputs %q and %q, want changed %t", change.file, before, after, change.changed)
		}
		before = after
	}
}

func TestFetch(t *testing.T) {
	r := apptest.Repository(t)
	first := r.Head(gittest.Main)
	r.Commit(map[string]string{
		"workspaces/link":   "symlink:phi.yaml",
		"elsewhere/link":    "symlink:x",
		"presets/README.md": "x",
	}, "two\n\nSyncer-Allow-Empty: true\n")
	c := apptest.Config(t, r.Dir)
	tip, err := fetch(t, c, "")
	if err != nil || !tip.AllowEmpty {
		t.Fatalf("allow empty %t, %v", tip.AllowEmpty, err)
	}
	if at, why := files.Blocked(tip.Files, "workspaces/link"); at == "" || why != files.Link {
		t.Errorf("the link is %q", why)
	}
	if _, err := fs.Stat(tip.Files, "presets/README.md"); err != nil {
		t.Errorf("presets in the root: %v", err)
	}
	old, err := fetch(t, c, first)
	if err != nil || old.Commit != first || old.AllowEmpty {
		t.Errorf("the first commit: %+v, %v", old, err)
	}
	_, err = fetch(t, c, "nosuch")
	apptest.WantError(t, err, "nosuch")
	c.Source.Path = "nowhere"
	_, err = fetch(t, c, first)
	apptest.WantError(t, err, `no folder "nowhere" (configuration: source.path, which starts at the root`)
}

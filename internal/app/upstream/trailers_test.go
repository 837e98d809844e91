// SPDX-License-Identifier: Apache-2.0

package upstream_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/reconcile"
)

// TestTrailers reads what commits allow, in a part of the history of a real repository.
func TestTrailers(t *testing.T) {
	r := apptest.Repository(t)
	first := r.Head(gittest.Main)
	var commits []string
	for _, message := range []string{
		"one\n\nSyncer-Allow-Delete: 7\n", "two", "three\n\nSyncer-Allow-Delete: 9\n",
		"four\n\nSyncer-Allow-Delete: 3\n",
	} {
		r.Commit(map[string]string{"docs/x.md": message}, message)
		commits = append(commits, r.Head(gittest.Main))
	}
	repository, err := access.AsPerson(apptest.Config(t, r.Dir), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	tip := commits[3]
	for name, tt := range map[string]struct {
		part reconcile.History
		want []string
	}{
		"all":                {reconcile.History{Tip: tip, After: first}, []string{"3", "9", "7"}},
		"after one":          {reconcile.History{Tip: tip, After: commits[0]}, []string{"3", "9"}},
		"from one":           {reconcile.History{Tip: tip, From: commits[0]}, []string{"3", "9", "7"}},
		"nothing new":        {reconcile.History{Tip: tip, After: tip}, nil},
		"the tip":            {reconcile.History{Tip: tip}, []string{"3"}},
		"a rewritten branch": {reconcile.History{Tip: tip, After: "0123456789012345678901234567890123456789"}, []string{"3"}},
	} {
		got, err := upstream.Commits{Repository: repository}.Trailers(t.Context(), mass.Trailer, tt.part)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestLastFileIsRemoved: Git drops a folder with its last file. A commit that confirms this is an empty source; any
// other is a broken one, and so is a folder that something else has replaced.
func TestLastFileIsRemoved(t *testing.T) {
	for name, tt := range map[string]struct {
		after string // files beside
		say   string // trailer
		want  string
	}{
		"confirmed":     {"docs/x.md", "\n\nSyncer-Allow-Empty: true\n", ""},
		"not confirmed": {"docs/x.md", "", `push a commit with the trailer "Syncer-Allow-Empty: true"`},
		"a file":        {"workspaces", "\n\nSyncer-Allow-Empty: true\n", `no folder "workspaces"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.Repository(t)
			r.Remove("remove", "workspaces/phi.yaml")
			r.Commit(map[string]string{tt.after: "x"}, "empty"+tt.say)
			rev, err := fetch(t, apptest.Config(t, r.Dir), "")
			if tt.want != "" {
				apptest.WantError(t, err, tt.want)
				return
			}
			if err != nil || !rev.AllowEmpty {
				t.Fatalf("%+v, %v", rev, err)
			}
			if found, err := fs.ReadDir(rev.Files, "."); err != nil || len(found) > 0 {
				t.Errorf("files %v, %v", found, err)
			}
		})
	}
}

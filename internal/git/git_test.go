// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"io/fs"
	"os"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
)

func TestMain(m *testing.M) {
	// The transport for local repositories runs git in this process's environment.
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	os.Exit(m.Run())
}

// overBoth runs a test on a repository that is reached over HTTP, and on one that is reached as a local path.
func overBoth(t *testing.T, test func(t *testing.T, repo *gittest.Repo, url string)) {
	t.Run("http", func(t *testing.T) {
		repo := gittest.NewRepo(t)
		test(t, repo, repo.URL())
	})
	t.Run("local", func(t *testing.T) {
		repo := gittest.NewRepo(t)
		test(t, repo, repo.Dir)
	})
}

func mustOpen(t testing.TB, o Options) *Repository {
	t.Helper()
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openMain(t testing.TB, url string) *Repository {
	t.Helper()
	return mustOpen(t, Options{URL: url, Branch: gittest.Main})
}

func mustFetch(t testing.TB, r *Repository) Commit {
	t.Helper()
	c, err := r.Fetch(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustSnapshot(t testing.TB, r *Repository, c Commit) *Snapshot {
	t.Helper()
	s, err := r.Snapshot(c, ".")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents returns all files of a file system.
func contents(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var testTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func statusChange(files map[string]string) Change {
	c := Change{
		Dir: "status/demo", Files: map[string][]byte{}, Message: "status(demo): phi-4 Ready",
		Author: "syncer", Email: "syncer@localhost", When: testTime,
	}
	for name, content := range files {
		c.Files[name] = []byte(content)
	}
	return c
}

func mustCommit(t testing.TB, b *Branch, c Change) (Hash, bool) {
	t.Helper()
	h, changed, err := b.Commit(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return h, changed
}

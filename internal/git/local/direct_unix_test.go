// SPDX-License-Identifier: Apache-2.0

//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/limits"
)

// TestTrustEnds: what git has accepted counts for a while, and then git is asked again.
func TestTrustEnds(t *testing.T) {
	repo := gittest.NewRepo(t)
	synctest.Test(t, func(t *testing.T) {
		d := NewDirect(repo.Dir)
		opens := func() bool {
			files, err := d.Open(gittest.Main)
			if err == nil {
				files.Close()
			}
			return err == nil
		}
		if opens() {
			t.Error("it opens before git has accepted it")
		}
		shown := d.Before()
		shown("other")
		if opens() {
			t.Error("it opens although git has shown another branch only")
		}
		shown(gittest.Main)
		time.Sleep(trustedFor)
		if !opens() {
			t.Error("it does not open, although git has accepted it")
		}
		time.Sleep(time.Second)
		if opens() {
			t.Error("it opens although git has accepted it long ago")
		}
	})
}

// TestIsOurs: files of another user are not ours.
func TestIsOurs(t *testing.T) {
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	others := "/" // of root
	if os.Geteuid() == 0 {
		others = filepath.Join(t.TempDir(), "others")
		if err := os.WriteFile(others, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(others, 12345, -1); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{mine: true, others: false} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := isOurs(info); got != want {
			t.Errorf("%s: ours %t, want %t", path, got, want)
		}
	}
}

// opened opens a repository of which git has shown the branch.
func opened(t *testing.T, repo *gittest.Repo) *Files {
	t.Helper()
	d := NewDirect(repo.Dir)
	d.Before()(gittest.Main)
	files, err := d.Open(gittest.Main)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(files.Close)
	return files
}

// TestReaderReadsFewObjects: only so many objects are read one by one; one that was read counts once.
func TestReaderReadsFewObjects(t *testing.T) {
	repo := gittest.NewRepo(t)
	files := opened(t, repo)
	r := files.Reader(limits.Limits{}.WithDefaults())
	if r.more != maxObjects {
		t.Errorf("%d objects may be read", r.more)
	}
	r.more = 2
	for i, want := range []bool{true, true, false} {
		h := plumbing.NewHash(repo.GitInput(fmt.Sprint(i), "hash-object", "-w", "--stdin"))
		for range 2 {
			if _, ok := r.Object(h); ok != want {
				t.Errorf("object %d: read %t", i, ok)
			}
		}
	}
	if !errors.Is(r.Err(), errTooMuch) {
		t.Errorf("%v", r.Err())
	}
}

// TestPipesAreNotRead: a pipe instead of a file does not hold the reader up.
func TestPipesAreNotRead(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "1"}, "first")
	files := opened(t, repo)
	for _, name := range []string{"HEAD", "refs/heads/" + gittest.Main, "commondir"} {
		path := filepath.Join(repo.Dir, name)
		_ = os.Remove(path) // or there is none
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if branch, err := files.Head(); err == nil {
		t.Errorf("HEAD: %q", branch)
	}
	if tip, err := files.Tip(gittest.Main); err == nil {
		t.Errorf("the branch: %s", tip)
	}
	if gitDir, common := Dirs(repo.Dir); gitDir != common {
		t.Errorf("commondir: %s", common)
	}
}

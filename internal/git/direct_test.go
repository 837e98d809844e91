// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// withoutGit has no git command while f runs: what is fetched is read from the files of the repository.
func withoutGit(t *testing.T, f func()) {
	t.Helper()
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	defer t.Setenv("PATH", path)
	f()
}

// direct fetches without git, and reports whether that worked.
func direct(t *testing.T, r *Repository) (c Commit, ok bool) {
	t.Helper()
	withoutGit(t, func() {
		var err error
		c, err = r.Fetch(t.Context())
		if unreachable := new(UnreachableError); err != nil && !errors.As(err, &unreachable) {
			t.Errorf("without git: %v", err)
		}
		ok = err == nil
	})
	return c, ok
}

// TestFetchWithoutGit: what was pushed to a local repository is read from its files, with and without a work tree.
func TestFetchWithoutGit(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a/f": "1", "b": "1"}, "first")
	clone := filepath.Join(t.TempDir(), "clone")
	repo.Git("clone", "--quiet", repo.Dir, clone)
	for name, open := range map[string]Options{
		"bare":        {URL: repo.Dir, Branch: gittest.Main},
		"HEAD":        {URL: repo.Dir},
		"file URL":    {URL: "file://" + repo.Dir, Branch: gittest.Main},
		"a work tree": {URL: clone, Branch: gittest.Main},
	} {
		r, err := Open(open)
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := direct(t, r); ok {
			t.Errorf("%s: %s was read before git has accepted the repository", name, c.Hash)
		}
		mustFetch(t, r)
		for i := range 3 {
			for j := range i {
				commitLoose(repo, map[string]string{"a/f": fmt.Sprint(name, i, j), fmt.Sprint("new", i): name})
			}
			repo.Git("push", "--quiet", clone, "+main:main2")
			repo.Git("-C", clone, "update-ref", "refs/heads/main", "refs/heads/main2")
			c, ok := direct(t, r)
			if !ok || string(c.Hash) != repo.Head(gittest.Main) || c.Forced {
				t.Fatalf("%s: push %d: fetched %+v, %t", name, i, c, ok)
			}
			want := map[string]string{}
			for _, path := range repo.Files(gittest.Main) {
				want[path] = repo.Show(gittest.Main, path)
			}
			if got := contents(t, mustSnapshot(t, r, c)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: push %d: files %v, want %v", name, i, got, want)
			}
			if commits, err := r.Log(t.Context(), c.Hash, i+1); err != nil || len(commits) != i+1 {
				t.Errorf("%s: push %d: log %v, %v", name, i, commits, err)
			}
		}
	}
}

// commitLoose commits, with objects in files of their own as a push leaves them.
func commitLoose(repo *gittest.Repo, files map[string]string) {
	repo.Commit(files, "commit")
	packs, _ := filepath.Glob(filepath.Join(repo.Dir, "objects/pack/*.pack"))
	for _, name := range packs {
		b, _ := os.ReadFile(name)
		_ = os.Remove(name)
		_ = os.Remove(strings.TrimSuffix(name, "pack") + "idx")
		repo.GitInput(string(b), "unpack-objects", "-q")
	}
}

// TestDirectLeavesToGit: all that is unusual is left to git, and then found by it.
func TestDirectLeavesToGit(t *testing.T) {
	object := func(repo *gittest.Repo, rev string) string {
		h := repo.Git("rev-parse", rev)
		return filepath.Join(repo.Dir, "objects", h[:2], h[2:])
	}
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	rewrite := func(path string, content []byte) { must(os.Remove(path), os.WriteFile(path, content, 0o644)) }
	for name, c := range map[string]struct {
		change func(repo *gittest.Repo)
		broken bool // for git as well
	}{
		"a pack":       {func(repo *gittest.Repo) { repo.Git("repack", "-adq") }, false},
		"packed refs":  {func(repo *gittest.Repo) { repo.Git("pack-refs", "--all") }, false},
		"settings":     {func(repo *gittest.Repo) { repo.Git("config", "a.b", "c") }, false},
		"a name space": {func(*gittest.Repo) {}, false},
		"rewritten": {func(repo *gittest.Repo) {
			repo.Reset(gittest.Main, "main~2")
			commitLoose(repo, map[string]string{"f": "other"})
		}, false},
		"many commits": {func(repo *gittest.Repo) {
			for i := range 60 {
				commitLoose(repo, map[string]string{"f": fmt.Sprint(i)})
			}
		}, false},
		"objects elsewhere": {func(repo *gittest.Repo) {
			dir, away := filepath.Dir(object(repo, "main:f")), filepath.Join(t.TempDir(), "away")
			must(os.Rename(dir, away), os.Symlink(away, dir))
		}, false},
		"a ref elsewhere": {func(repo *gittest.Repo) {
			ref, away := filepath.Join(repo.Dir, "refs/heads/main"), filepath.Join(t.TempDir(), "away")
			must(os.Rename(ref, away), os.Symlink(away, ref))
		}, false},
		"a symbolic ref": {func(repo *gittest.Repo) {
			repo.Reset("other", gittest.Main)
			repo.Git("symbolic-ref", "refs/heads/main", "refs/heads/other")
		}, false},
		"another object": {func(repo *gittest.Repo) {
			b, err := os.ReadFile(object(repo, "main~2:f"))
			must(err)
			rewrite(object(repo, "main:f"), b)
		}, true},
		"damage": {func(repo *gittest.Repo) { rewrite(object(repo, "main:f"), []byte("damage")) }, true},
		"a header that lies": {func(repo *gittest.Repo) {
			var b bytes.Buffer
			z := zlib.NewWriter(&b)
			fmt.Fprintf(z, "blob %d\x00%s", 1<<40, "x")
			must(z.Close())
			rewrite(object(repo, "main:f"), b.Bytes())
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			repo := gittest.NewRepo(t)
			for i := range 3 {
				commitLoose(repo, map[string]string{"f": fmt.Sprint(i)})
			}
			r := openMain(t, repo.Dir)
			mustFetch(t, r)
			commitLoose(repo, map[string]string{"f": "usual"})
			if _, ok := direct(t, r); !ok {
				t.Fatal("the usual repository is left to git")
			}
			commitLoose(repo, map[string]string{"f": "last"})
			c.change(repo)
			if name == "a name space" {
				t.Setenv("GIT_NAMESPACE", "other")
			}
			if c, ok := direct(t, r); ok {
				t.Fatalf("read without git: %+v", c)
			}
			if name == "a name space" {
				t.Setenv("GIT_NAMESPACE", "")
			}
			got, err := r.Fetch(t.Context())
			if (err != nil) != c.broken || err == nil && string(got.Hash) != repo.Git("rev-parse", "main") {
				t.Errorf("with git: %+v, %v", got, err)
			}
		})
	}
}

// TestDirectIsLimited: what is more than a pack may be is left to git, which refuses it.
func TestDirectIsLimited(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "x"}, "first")
	r, err := Open(Options{URL: repo.Dir, Branch: gittest.Main, Limits: Limits{PackBytes: 8 << 10}})
	if err != nil {
		t.Fatal(err)
	}
	mustFetch(t, r)
	noise := make([]byte, 10<<10)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(noise)
	for name, content := range map[string]string{
		"on disk":   string(noise),
		"in memory": strings.Repeat("x", 80<<10),
	} {
		before := repo.Head(gittest.Main)
		commitLoose(repo, map[string]string{"f": content})
		if _, ok := direct(t, r); ok {
			t.Errorf("%s: read without git", name)
		}
		if _, err := r.Fetch(t.Context()); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
		repo.Reset(gittest.Main, before)
	}
}

// TestDirectOfPartial: of a repository that leaves large files out, one in a pack is none that was left out: git is
// asked, as for all that is in packs.
func TestDirectOfPartial(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Git("config", "uploadpack.allowFilter", "true")
	commitLoose(repo, map[string]string{"f": "before"})
	commitLoose(repo, map[string]string{"f": "after"})
	r, err := Open(Options{URL: repo.Dir, Branch: gittest.Main, Limits: Limits{FileBytes: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	mustFetch(t, r)
	commitLoose(repo, map[string]string{
		"f": "new", "small": strings.Repeat("x", 1000), "large": strings.Repeat("x", 1001),
	})
	c, ok := direct(t, r)
	if !ok {
		t.Fatal("the usual push is left to git")
	}
	s := mustSnapshot(t, r, c)
	if b, err := s.ReadFile("small"); err != nil || len(b) != 1000 {
		t.Errorf("small: %d bytes, %v", len(b), err)
	}
	if _, err := s.ReadFile("large"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large: %v", err)
	}
	repo.Git("repack", "-adq")
	tree := repo.GitInput("100644 blob "+repo.Git("rev-parse", "main~2:f")+"\treverted\n", "mktree")
	tip := repo.GitAt("2027-01-01T00:00:00Z", "-c", "user.name=T", "-c", "user.email=t@example.com",
		"commit-tree", tree, "-p", gittest.Main, "-m", "revert")
	repo.Reset(gittest.Main, tip)
	if _, ok := direct(t, r); ok {
		t.Error("a file in a pack was passed over")
	}
	if b, err := mustSnapshot(t, r, mustFetch(t, r)).ReadFile("reverted"); err != nil || string(b) != "before" {
		t.Errorf("reverted: %q, %v", b, err)
	}
}

// TestDirectIsVerified: of commits that are read without git, the same signatures count as of those that git sends.
func TestDirectIsVerified(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Git("config", "fastimport.unpackLimit", "1000")
	s := newSigners(t, repo, "ada", "eve")
	rules := []SignerRule{{"w", s.allowed("ada")}}
	start := s.commit("ada", map[string]string{"w/x": "start", "other": "0"})
	for _, filter := range []string{"true", "false"} {
		repo.Git("config", "uploadpack.allowFilter", filter)
		for name, tt := range map[string]struct {
			push func()
			want string
		}{
			"signed":         {func() { s.commit("ada", map[string]string{"w/x": "1"}) }, ""},
			"unsigned":       {func() { s.commit("", map[string]string{"w/x": "2"}) }, "it is not signed"},
			"by another key": {func() { s.commit("eve", map[string]string{"w/x": "3"}) }, "not among the allowed signers"},
			"removed": {func() {
				tree := repo.Remove("no more", "w/x") + "^{tree}"
				repo.Reset(gittest.Main, start)
				repo.Reset(gittest.Main, repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com",
					"commit-tree", tree, "-p", start, "-m", "now"))
			}, "it is not signed"},
			"unsigned, then elsewhere": {func() {
				s.commit("", map[string]string{"w/x": "4"})
				s.commit("ada", map[string]string{"other": "1"})
			}, "it is not signed"},
			"unsigned elsewhere": {func() { s.commit("", map[string]string{"other": "2"}) }, ""},
			"another's signature": {func() {
				signed := repo.Git("cat-file", "commit", s.commit("ada", map[string]string{"w/x": "5"})) + "\n"
				repo.Reset(gittest.Main, start)
				other := repo.Git("rev-parse", s.commit("", map[string]string{"w/x": "6"})+"^{tree}")
				forged := "tree " + other + signed[len("tree ")+len(other):]
				repo.Reset(gittest.Main, repo.GitInput(forged, "hash-object", "-t", "commit", "-w", "--stdin"))
			}, "its signature is wrong"},
			"a merge that changes it": {func() {
				s.commit("ada", map[string]string{"w/x": "7"})
				s.commit("", map[string]string{"w/x": "8"}, start)
			}, "it is not signed"},
		} {
			repo.Reset(gittest.Main, start)
			r := openMain(t, repo.Dir)
			mustFetch(t, r)
			tt.push()
			c, ok := direct(t, r)
			if !ok || string(c.Hash) != repo.Head(gittest.Main) {
				t.Errorf("%s, filter %s: not read without git: %+v", name, filter, c)
				continue
			}
			err := r.Verify(t.Context(), c, rules)
			var refused *SignatureError
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &refused) ||
				!strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s, filter %s: %v, want %q", name, filter, err, tt.want)
			}
		}
	}
}

// TestDirectShowsNothingHidden: a branch that git hides is not read from its files either.
func TestDirectShowsNothingHidden(t *testing.T) {
	repo := gittest.NewRepo(t)
	commitLoose(repo, map[string]string{"f": "1"})
	commitLoose(repo, map[string]string{"f": "2"})
	repo.Reset("other", "main~1")
	r := openMain(t, repo.Dir)
	mustFetch(t, r)
	repo.Git("config", "transfer.hideRefs", "refs/heads/main")
	commitLoose(repo, map[string]string{"f": "3"})
	for range 2 {
		if c, err := r.Fetch(t.Context()); !errors.Is(err, ErrBranchNotFound) {
			t.Errorf("hidden: %+v, %v", c, err)
		}
		if _, _, err := r.Branch("other").Read(t.Context(), "."); err != nil {
			t.Error(err)
		}
	}
	repo.Git("config", "--unset", "transfer.hideRefs")
	mustFetch(t, r)
	commitLoose(repo, map[string]string{"f": "4"})
	if _, ok := direct(t, r); !ok {
		t.Error("what is shown again is left to git")
	}
}

// TestDirectKnowsRewrites: what was read without git counts as history that must stay, and a rewrite is seen.
func TestDirectKnowsRewrites(t *testing.T) {
	repo := gittest.NewRepo(t)
	commitLoose(repo, map[string]string{"f": "1"})
	r := openMain(t, repo.Dir)
	first := mustFetch(t, r)
	commitLoose(repo, map[string]string{"f": "2"})
	commitLoose(repo, map[string]string{"f": "3"})
	second, ok := direct(t, r)
	if !ok {
		t.Fatal("the push is left to git")
	}
	if kept, err := r.Contains(t.Context(), second, first.Hash); err != nil || !kept {
		t.Errorf("a push does not contain what was there: %v", err)
	}
	repo.Reset(gittest.Main, "main~1")
	commitLoose(repo, map[string]string{"f": "other"})
	third := mustFetch(t, r)
	if kept, err := r.Contains(t.Context(), third, second.Hash); err != nil || kept || !third.Forced {
		t.Errorf("rewritten: kept %t, forced %t, %v", kept, third.Forced, err)
	}
	repo.Reset(gittest.Main, string(first.Hash))
	if back := mustFetch(t, r); !back.Forced {
		t.Error("the branch went back, and it is not said")
	}
}

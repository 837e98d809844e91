// SPDX-License-Identifier: Apache-2.0

package git

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestLog follows first parents, the newest first, at most so many.
func TestLog(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": "1"}, "one")
	repo.Reset("topic", repo.Head(gittest.Main))
	repo.CommitTo("topic", map[string]string{"b": "1"}, "aside\n\nX: topic\n")
	repo.Commit(map[string]string{"a": "2"}, "two\n\nX: a\nx: b\nY: c\n")
	merge := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", "main^{tree}", "-m", "merge",
		"-p", "main", "-p", "topic")
	repo.Reset(gittest.Main, merge)
	r, err := Open(Options{URL: repo.URL(), Branch: gittest.Main})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int][]string{1: {"merge"}, 2: {"merge", "two"}, 10: {"merge", "two", "one"}} {
		commits, err := r.Log(t.Context(), Hash(merge), n)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range commits {
			got = append(got, c.Subject())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	commits, err := r.Log(t.Context(), Hash(merge), 2)
	if err != nil || !slices.Equal(commits[1].Trailers("X"), []string{"a", "b"}) || commits[1].Trailers("Z") != nil {
		t.Errorf("trailers %q, %v", commits[1].Trailers("X"), err)
	}
	if _, err := r.Log(t.Context(), Hash(strings.Repeat("1", 40)), 2); err == nil {
		t.Error("a commit that does not exist has a history")
	}
}

// TestLogAsksOnce reads the log after each of some pushes: the first time it asks for what is older than the tip, and
// receives little of it where the server cannot leave out files; then what is fetched says it.
func TestLogAsksOnce(t *testing.T) {
	for _, filter := range []string{"false", "true"} {
		repo := gittest.NewRepo(t)
		repo.Git("config", "uploadpack.allowFilter", filter)
		files := map[string]string{}
		for i := range 300 {
			files[fmt.Sprintf("d/f%d", i)] = fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		}
		repo.Commit(files, "first")
		for i := range 5 {
			repo.Commit(map[string]string{"f": fmt.Sprint(i)}, fmt.Sprint("older ", i))
		}
		r := openMain(t, repo.URL())
		mustFetch(t, r)
		clone := repo.Traffic()
		for i := range 3 {
			if i > 0 {
				repo.Commit(map[string]string{"f": fmt.Sprint("x", i)}, fmt.Sprint("newer ", i))
				repo.Commit(map[string]string{"f": fmt.Sprint("y", i)}, fmt.Sprint("newest ", i))
			}
			before := repo.Traffic()
			tip := mustFetch(t, r)
			for n, want := range map[int]int{1: 1, 4: 4, 100: 6 + 2*i} {
				commits, err := r.Log(t.Context(), tip.Hash, n)
				if err != nil || len(commits) != want {
					t.Fatalf("%d commits, %v, want %d", len(commits), err, want)
				}
				all := repo.Log(gittest.Main)
				for j, c := range commits {
					if c.Subject() != all[j] {
						t.Errorf("commit %d is %q, want %q", j, c.Subject(), all[j])
					}
				}
			}
			after := repo.Traffic()
			if packs := after.Packs - before.Packs; i > 0 && packs != 1 {
				t.Errorf("filter %s: push %d: %d packs, want that of the fetch", filter, i, packs)
			}
			if bytes := after.PackOut - before.PackOut; i == 0 && bytes > clone.PackOut/2 {
				t.Errorf("filter %s: the log took %d bytes, where the files are %d", filter, bytes, clone.PackOut)
			}
		}
	}
}

// TestLogOfAnotherHistory: what is known of the history before a force push is no part of the log after it.
func TestLogOfAnotherHistory(t *testing.T) {
	repo := gittest.NewRepo(t)
	first := repo.Commit(map[string]string{"a": "1"}, "one")
	old := repo.Commit(map[string]string{"a": "2"}, "two")
	r := openMain(t, repo.URL())
	mustFetch(t, r)
	if _, err := r.Log(t.Context(), Hash(old), 10); err != nil {
		t.Fatal(err)
	}
	repo.Reset(gittest.Main, first)
	repo.Commit(map[string]string{"a": "3"}, "three")
	tip := mustFetch(t, r)
	commits, err := r.Log(t.Context(), tip.Hash, 10)
	if err != nil || len(commits) != 2 || commits[0].Subject() != "three" || commits[1].Hash != Hash(first) {
		t.Errorf("%v, %v", commits, err)
	}
	for ancestor, want := range map[Hash]bool{Hash(first): true, Hash(old): false} {
		if got, err := r.Contains(t.Context(), tip, ancestor); err != nil || got != want {
			t.Errorf("contains %s: %t, %v", ancestor.Short(), got, err)
		}
	}
}

// TestEdit: writers that edit one folder at once lose nothing, and an editor that fails writes nothing.
func TestEdit(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo("status", map[string]string{
		"reviews/old": "x", "status/x": "x", "reviews/link": "symlink:old", "reviews/out": "symlink:../../x",
	}, "first")
	change := func(name string) Change {
		return Change{
			Dir: "reviews", Message: name, Author: "T", Email: "t@example.com", When: time.Unix(1e9, 0),
			Edit: func(present map[string][]byte) (map[string][]byte, error) {
				present[name] = []byte(name)
				return present, nil
			},
		}
	}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			r, err := Open(Options{URL: repo.URL(), Branch: gittest.Main})
			if err == nil {
				_, _, err = r.Branch("status").Commit(t.Context(), change(fmt.Sprint("new", i)))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	want := []string{"reviews/new0", "reviews/new1", "reviews/new2", "reviews/new3", "reviews/old", "status/x"}
	if got := repo.Files("status"); !slices.Equal(got, want) {
		t.Errorf("files %q", got)
	}
	r, err := Open(Options{URL: repo.URL(), Branch: gittest.Main})
	if err != nil {
		t.Fatal(err)
	}
	before := repo.Head("status")
	failing := change("x")
	failing.Edit = func(map[string][]byte) (map[string][]byte, error) { return nil, errors.New("no key") }
	_, _, err = r.Branch("status").Commit(t.Context(), failing)
	if err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("%v", err)
	}
	failing.Edit = func(map[string][]byte) (map[string][]byte, error) { return map[string][]byte{"../x": nil}, nil }
	if _, _, err := r.Branch("status").Commit(t.Context(), failing); err == nil {
		t.Error("a path that leads out of the folder is written")
	}
	if repo.Head("status") != before {
		t.Error("a change that failed is pushed")
	}
	if _, changed, err := r.Branch("fresh").Commit(t.Context(), change("first")); err != nil || !changed {
		t.Errorf("a new branch: %t, %v", changed, err)
	}
}

// TestReadSkipsLinks: a link on the branch is no file, wherever it leads, and does not hide the files beside it.
func TestReadSkipsLinks(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.CommitTo("status", map[string]string{"d/a": "x", "d/link": "symlink:a", "d/out": "symlink:/etc/passwd"}, "first")
	r, err := Open(Options{URL: repo.URL(), Branch: gittest.Main})
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := r.Branch("status").Read(t.Context(), "d")
	if err != nil || len(files) != 1 || string(files["a"]) != "x" {
		t.Errorf("%q, %v", files, err)
	}
}

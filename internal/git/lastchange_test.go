// SPDX-License-Identifier: Apache-2.0

package git

import (
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestLastChange: the commit is that of git log --first-parent -1, as far as the history is looked at.
func TestLastChange(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": "1", "dir/b": "1"}, "one")
	repo.Commit(map[string]string{"a": "2"}, "two")
	repo.Commit(map[string]string{"dir/c": "1"}, "three")
	repo.Commit(map[string]string{"a": "1"}, "back")
	repo.Commit(map[string]string{"dir/sub/d": "1"}, "five")
	r, err := Open(Options{URL: repo.URL(), Branch: gittest.Main})
	if err != nil {
		t.Fatal(err)
	}
	tip := Hash(repo.Head(gittest.Main))
	for _, name := range []string{"a", "dir/b", "dir/c", "dir", "dir/sub", "dir/sub/d", "."} {
		want := repo.Git("log", "--first-parent", "-1", "--format=%H", gittest.Main, "--", name)
		c, ok, err := r.LastChange(t.Context(), tip, name, 100)
		if err != nil || !ok || string(c.Hash) != want {
			t.Errorf("%s: %s %q %v %v, want %s", name, c.Hash, c.Subject(), ok, err, want)
		}
	}
	if c, ok, err := r.LastChange(t.Context(), tip, "dir/b", 4); ok || err != nil {
		t.Errorf("beyond the commits that are looked at: %q, %v", c.Subject(), err)
	}
	if c, ok, err := r.LastChange(t.Context(), tip, "a", 3); !ok || err != nil || c.Subject() != "back" {
		t.Errorf("at the edge: %q %v %v", c.Subject(), ok, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestSnapshotsShareFolders: of a commit that changes one file, only the folders above that file are decoded, and the
// ids of all other files stay.
func TestSnapshotsShareFolders(t *testing.T) {
	repo := gittest.NewRepo(t)
	files := map[string]string{}
	for i := range 400 {
		files[fmt.Sprintf("a%d/b%d/f%d", i%20, i%4, i)] = fmt.Sprint(i)
	}
	repo.Commit(files, "first")
	r := openMain(t, repo.Dir)
	seen := map[any]bool{}
	decoded := func() (n int) { // since the last call
		r.source.current.Load().store.Made().Range(func(_, folder any) bool {
			if !seen[folder] {
				seen[folder] = true
				n++
			}
			return true
		})
		return n
	}
	before := mustSnapshot(t, r, mustFetch(t, r))
	if first := decoded(); first != 1+20+20 { // i modulo 20 decides i modulo 4
		t.Errorf("%d folders were decoded", first)
	}
	repo.Commit(map[string]string{"a3/b3/f3": "changed"}, "second")
	after := mustSnapshot(t, r, mustFetch(t, r))
	if n := decoded(); n != 3 {
		t.Errorf("%d more folders were decoded, want those above the file", n)
	}
	for name := range files {
		was, ok := before.ContentID(name)
		is, still := after.ContentID(name)
		if !ok || !still || (was == is) != (name != "a3/b3/f3") {
			t.Errorf("%s: %s, %s", name, was, is)
		}
	}
	if got := contents(t, after); len(got) != 400 || got["a3/b3/f3"] != "changed" {
		t.Errorf("%d files, %q", len(got), got["a3/b3/f3"])
	}
	if got := contents(t, before); got["a3/b3/f3"] != "3" {
		t.Errorf("the Snapshot before has changed: %q", got["a3/b3/f3"])
	}
	for name := range map[string]bool{"a3": true, "none": true, "a3/b3/f3/x": true} {
		if id, ok := after.ContentID(name); ok {
			t.Errorf("%s has the id %s", name, id)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package lineage_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/lineage"
	"syncer.dev/syncer/internal/git/objects"
)

// TestEntangled: a history in which each commit merges another version of the folder ends the search, and a change of
// the folder after it counts alone.
func TestEntangled(t *testing.T) {
	set := objects.Set{}
	tree := func(content string) plumbing.Hash {
		file := set.Add(objects.New(plumbing.BlobObject, []byte(content)))
		return set.Add(objects.New(plumbing.TreeObject, append([]byte("100644 f\x00"), file[:]...)))
	}
	commit := func(tree plumbing.Hash, message int, parents ...plumbing.Hash) plumbing.Hash {
		text := fmt.Sprintf("tree %s\n", tree)
		for _, p := range parents {
			text += fmt.Sprintf("parent %s\n", p)
		}
		const who = "T <t@example.com> 1700000000 +0000"
		text += fmt.Sprintf("author %s\ncommitter %s\n\n%d\n", who, who, message)
		return set.Add(objects.New(plumbing.CommitObject, []byte(text)))
	}
	old, now := tree("old"), tree("now")
	first := commit(old, 0)
	tip := commit(now, 1, first)
	changed := tip
	all := lineage.Folder{Path: "."}
	changes := func(tip plumbing.Hash) []plumbing.Hash {
		t.Helper()
		got, err := all.Changes(set, tip, true)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i := range 10 { // merges of branches without a change of their own
		tip = commit(now, i, tip, commit(old, i, first))
	}
	if got := changes(tip); !slices.Equal(got, []plumbing.Hash{changed}) {
		t.Errorf("%v changed the folder, and not %s", got, changed)
	}
	for i := range 3000 {
		tip = commit(now, 10+i, tip, commit(old, 10+i, first))
	}
	if _, err := all.Changes(set, tip, true); !errors.Is(err, lineage.ErrEntangled) {
		t.Errorf("3,000 merges: %v", err)
	}
	last := commit(tree("last"), 0, tip)
	if got := changes(last); !slices.Equal(got, []plumbing.Hash{last}) {
		t.Errorf("%v changed the folder, and not %s", got, last)
	}
}

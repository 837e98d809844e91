// SPDX-License-Identifier: Apache-2.0

package ancestry_test

import (
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/objects"
)

// history is a set of commits, each an hour later than the one before it.
type history struct {
	t   *testing.T
	set objects.Set
	now time.Time
}

func (h *history) commit(message string, parents ...plumbing.Hash) plumbing.Hash {
	h.t.Helper()
	h.now = h.now.Add(time.Hour)
	who := object.Signature{Name: "T", Email: "t@example.com", When: h.now}
	hash, err := h.set.Put((&object.Commit{
		Author: who, Committer: who, Message: message, ParentHashes: parents,
	}).Encode)
	if err != nil {
		h.t.Fatal(err)
	}
	return hash
}

// TestMeet: two branches meet in the newest commit of both. Where a commit is missing, the answer is sure only if that
// commit cannot change it.
func TestMeet(t *testing.T) {
	h := &history{t: t, set: objects.Set{}, now: time.Unix(1_700_000_000, 0)}
	root := h.commit("root")
	fork := h.commit("fork", root)
	left := h.commit("left", fork)
	right := h.commit("right", fork)
	merge := h.commit("merge", left, right)
	other := h.commit("other")
	for _, tt := range []struct {
		name       string
		a, b, want plumbing.Hash
	}{
		{"two branches", left, right, fork},
		{"a commit and itself", left, left, left},
		{"a commit and one that contains it", right, merge, right},
		{"nothing in common", merge, other, plumbing.ZeroHash},
	} {
		for _, pair := range [][2]plumbing.Hash{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got, sure := ancestry.Meet(h.set, pair[0], pair[1]); got != tt.want || !sure {
				t.Errorf("%s: %s, sure %t, want %s", tt.name, got, sure, tt.want)
			}
		}
	}
	delete(h.set, root) // behind a commit of both
	if got, sure := ancestry.Meet(h.set, left, right); got != fork || !sure {
		t.Errorf("without the root: %s, sure %t", got, sure)
	}
	delete(h.set, fork)
	if got, sure := ancestry.Meet(h.set, left, right); !got.IsZero() || sure {
		t.Errorf("without the fork: %s, sure %t", got, sure)
	}
}

// TestDescends: a commit leads to its ancestors and to itself, and to no other. The ancestor need not be in the set.
func TestDescends(t *testing.T) {
	h := &history{t: t, set: objects.Set{}, now: time.Unix(1_700_000_000, 0)}
	root := h.commit("root")
	left := h.commit("left", root)
	right := h.commit("right", root)
	merge := h.commit("merge", left, right)
	delete(h.set, root)
	for _, tt := range []struct {
		tip, ancestor plumbing.Hash
		want          bool
	}{
		{merge, root, true},
		{merge, right, true},
		{merge, merge, true},
		{left, right, false},
		{root, left, false},
		{left, merge, false},
	} {
		if got := ancestry.Descends(h.set, tt.tip, tt.ancestor); got != tt.want {
			t.Errorf("%s descends from %s: %t, want %t", tt.tip, tt.ancestor, got, tt.want)
		}
	}
}

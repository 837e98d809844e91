// SPDX-License-Identifier: Apache-2.0

package ancestry_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/objects"
)

// line writes n commits, each on top of the one before, and returns their hashes, the oldest first.
func line(t *testing.T, set objects.Set, n int, message string, on ...plumbing.Hash) []plumbing.Hash {
	t.Helper()
	var out []plumbing.Hash
	for i := range n {
		who := object.Signature{Name: "A", Email: "a@example.com", When: time.Unix(int64(i), 0).UTC()}
		c := object.Commit{
			Author: who, Committer: who, Message: fmt.Sprint(message, i), TreeHash: plumbing.Hash{1}, ParentHashes: on,
		}
		h, err := set.Put(c.Encode)
		if err != nil {
			t.Fatal(err)
		}
		out, on = append(out, h), []plumbing.Hash{h}
	}
	return out
}

// TestKnown learns a history in parts, and knows what leads from one part to the other.
func TestKnown(t *testing.T) {
	set := objects.Set{}
	old := line(t, set, 3, "old")
	aside := line(t, set, 2, "aside", old[1])
	merge := line(t, set, 1, "merge", old[2], aside[1])
	var k ancestry.Known
	k.Learn(objects.Set{merge[0]: set[merge[0]]}, merge[0])
	if k.Descends(merge[0], old[1]) || !k.Descends(merge[0], aside[1]) || k.Commit(old[2]) != nil {
		t.Error("more is known than what was learned")
	}
	k.Learn(set, merge[0])
	for _, h := range append(old, aside...) {
		want, err := objects.Commit(set, h)
		if err != nil {
			t.Fatal(err)
		}
		if c := k.Commit(h); !k.Descends(merge[0], h) || c == nil || c.Hash != h || c.Author != want.Author ||
			c.Committer != want.Committer || c.TreeHash != want.TreeHash || c.Message != want.Message {
			t.Errorf("%s is not known: %+v", h, c)
		}
	}
	if k.Descends(old[2], merge[0]) || k.Descends(aside[1], old[2]) {
		t.Error("the history goes backwards")
	}
	missing := maps.Clone(set)
	delete(missing, old[2])
	var part ancestry.Known
	if part.Learn(missing, merge[0]); part.Commit(old[2]) != nil || part.Commit(old[0]) == nil {
		t.Error("beside a commit that is missing, what leads to the tip is not learned")
	}
	var none *ancestry.Known
	none.Learn(set, merge[0])
	if none.Commit(merge[0]) != nil || none.Descends(merge[0], old[0]) || !none.Descends(old[0], old[0]) {
		t.Error("nothing knows something")
	}
}

// TestKnownIsBounded learns more commits than there is room for, in number and in bytes: it forgets, and goes on.
func TestKnownIsBounded(t *testing.T) {
	for _, c := range []struct {
		commits int
		message string
	}{{2500, "m"}, {40, strings.Repeat("long ", 20_000)}, {1, strings.Repeat("too long ", 100_000)}} {
		set := objects.Set{}
		all := line(t, set, c.commits, c.message)
		var k ancestry.Known
		for _, h := range all { // as they are fetched
			k.Learn(objects.Set{h: set[h]}, h)
		}
		known, bytes := 0, 0
		for _, h := range all {
			if c := k.Commit(h); c != nil {
				known++
				bytes += len(c.Message)
			}
		}
		if known > 1000 || bytes > 1<<20 {
			t.Errorf("%d commits of %d bytes are kept", known, bytes)
		}
		if last := k.Commit(all[len(all)-1]); (last != nil) != (c.commits > 1) {
			t.Errorf("the last of %d commits is known: %t", c.commits, last != nil)
		}
	}
}

// TestKnownKeepsTheNewest learns a long history at once: what is kept of it is next to the tip. After the first time
// that there was no room, there is as much as at first.
func TestKnownKeepsTheNewest(t *testing.T) {
	set := objects.Set{}
	all := line(t, set, 2500, "m")
	var k ancestry.Known
	if k.Learn(set, all[2499]); !k.Descends(all[2499], all[2000]) {
		t.Error("the newest are forgotten")
	}
	long := line(t, set, 40, strings.Repeat("long ", 20_000)) // ten at once
	var full ancestry.Known
	for _, h := range long {
		full.Learn(objects.Set{h: set[h]}, h)
	}
	if !full.Descends(long[39], long[30]) {
		t.Error("there is no room any more")
	}
}

// TestKnownWalksOnce learns a history with more ways through it than can be gone one by one.
func TestKnownWalksOnce(t *testing.T) {
	set := objects.Set{}
	tips := line(t, set, 1, "root")
	for i := range 60 {
		left, right := line(t, set, 1, fmt.Sprint("left", i), tips...), line(t, set, 1, fmt.Sprint("right", i), tips...)
		tips = append(left, right...)
	}
	tip := line(t, set, 1, "tip", tips...)[0]
	var k ancestry.Known
	for range 2 {
		k.Learn(set, tip)
	}
	if k.Commit(tip) == nil {
		t.Error("it is not known")
	}
}

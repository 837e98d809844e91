// SPDX-License-Identifier: Apache-2.0

package ancestry_test

import (
	"fmt"
	"strings"
	"testing"

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
		h, err := set.Put((&object.Commit{Message: fmt.Sprint(message, i), ParentHashes: on}).Encode)
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
		if c := k.Commit(h); !k.Descends(merge[0], h) || c == nil || c.Hash != h {
			t.Errorf("%s is not known: %+v", h, c)
		}
	}
	if k.Descends(old[2], merge[0]) || k.Descends(aside[1], old[2]) {
		t.Error("the history goes backwards")
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

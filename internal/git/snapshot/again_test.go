// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// TestDecodesAgainAsFromNothing reads trees that follow each other, of any order and with any modes: what is taken from
// the tree before is as it would be without it.
func TestDecodesAgainAsFromNothing(t *testing.T) {
	modes := []string{"100644", "100755", "120000", "160000", "40000", "100664", "0100644"}
	names := []string{"a", "a.b", "a-", "b", "ä", "..", "0", "zz", "x", "y"}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		set := objects.Set{}
		blobs := []plumbing.Hash{{1}} // the first is missing
		for i := range 3 {
			blobs = append(blobs, set.Add(objects.New(plumbing.BlobObject, bytes.Repeat([]byte("x"), i))))
		}
		folders := []plumbing.Hash{set.Add(objects.New(plumbing.TreeObject, nil))}
		known := &sync.Map{}
		var entries []string
		for step := range 30 {
			for range 1 + rnd.IntN(3) {
				mode := modes[rnd.IntN(5)]
				if rnd.IntN(20) == 0 {
					mode = modes[rnd.IntN(len(modes))]
				}
				name := names[rnd.IntN(len(names))]
				if name == ".." && rnd.IntN(5) > 0 {
					name = "c"
				}
				h := blobs[rnd.IntN(len(blobs))]
				if mode == "40000" {
					h = folders[rnd.IntN(len(folders))]
				}
				entries = append(entries, fmt.Sprintf("%s %s\x00%s", mode, name, h[:]))
				if rnd.IntN(3) > 0 {
					i := rnd.IntN(len(entries))
					entries = append(entries[:i], entries[i+1:]...)
				}
			}
			if len(entries) > 8 || rnd.IntN(10) == 0 {
				entries = nil
			}
			var raw bytes.Buffer
			for _, e := range entries {
				raw.WriteString(e)
			}
			tree := set.Add(objects.New(plumbing.TreeObject, raw.Bytes()))
			if rnd.IntN(4) == 0 {
				folders = append(folders, tree)
			}
			again, fresh := list(set, tree, known), list(set, tree, &sync.Map{})
			if again != fresh {
				t.Fatalf("seed %d, step %d: %q lists\n%s\nfrom nothing\n%s", seed, step, raw.String(), again, fresh)
			}
		}
	}
}

// TestLateFile: a file that the server left out, and that has come with another commit, is there from then on.
func TestLateFile(t *testing.T) {
	set, known := objects.Set{}, &sync.Map{}
	late := objects.New(plumbing.BlobObject, []byte("late"))
	tree := func(names ...string) plumbing.Hash {
		var raw []byte
		for _, name := range names {
			h := late.Hash()
			raw = append(append(raw, "100644 "+name+"\x00"...), h[:]...)
		}
		return set.Add(objects.New(plumbing.TreeObject, raw))
	}
	before := list(set, tree("a"), known)
	set.Add(late)
	after := list(set, tree("a", "b"), known)
	if strings.Contains(before, " 4 ") || strings.Count(after, " 4 ") != 2 {
		t.Errorf("before:\n%safter:\n%s", before, after)
	}
}

// list writes all that a Snapshot shows.
func list(set objects.Set, tree plumbing.Hash, known *sync.Map) string {
	var out bytes.Buffer
	s, err := New(Source{Objects: set, Tree: tree, Folders: known, Note: func(err error) error { return err }},
		limits.Limits{Files: 200}.WithDefaults(), ".")
	if err != nil {
		return err.Error()
	}
	err = fs.WalkDir(s, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		id, ok := s.ContentID(name)
		hash, err := s.TreeHash(name)
		fmt.Fprintln(&out, name, info.Mode(), info.Size(), info.Sys(), id, ok, hash, err)
		return nil
	})
	fmt.Fprintln(&out, err)
	return out.String()
}

// TestFolderOfTooMany: no more of a folder is decoded than it may have entries, also where a mode is none of Git's.
func TestFolderOfTooMany(t *testing.T) {
	for _, mode := range []string{"100644", "0"} {
		set, file := objects.Set{}, plumbing.Hash{1}
		raw := append([]byte(mode+" a\x00"), file[:]...)
		for i := range maxEntries {
			raw = append(fmt.Appendf(raw, "100644 b%06d\x00", i), file[:]...)
		}
		tree := set.Add(objects.New(plumbing.TreeObject, raw))
		s, err := New(Source{
			Objects: set, Tree: tree, Folders: &sync.Map{}, Note: func(err error) error { return err },
		}, limits.Limits{Files: 2 * maxEntries}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := s.ReadDir(".")
		if !errors.Is(err, limits.ErrTooLarge) || len(entries) > 0 || len(s.open[s.root].children) > 0 {
			t.Errorf("mode %s: %d entries, %v", mode, len(entries), err)
		}
		if _, err := s.ReadFile("b000001"); !errors.Is(err, limits.ErrTooLarge) {
			t.Errorf("mode %s: a file of it: %v", mode, err)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// entry is a file of a tree, or something that is not read.
type entry struct {
	mode string
	blob plumbing.Hash
}

// TestChangedSince compares random trees: what ChangedSince says is what listing both says.
func TestChangedSince(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	set := objects.Set{}
	var blobs []plumbing.Hash
	for i := range 3 {
		blobs = append(blobs, set.Add(objects.New(plumbing.BlobObject, fmt.Appendf(nil, "text %d", i))))
	}
	known := &sync.Map{}
	files := map[string]entry{}
	edit := func() {
		name := fmt.Sprintf("d%d/e%d/f%d", rnd.IntN(2), rnd.IntN(2), rnd.IntN(3))
		switch e, there := files[name]; {
		case !there || rnd.IntN(6) == 0:
			mode := []string{"100644", "100644", "100755", "120000", "160000"}[rnd.IntN(5)]
			files[name] = entry{mode, blobs[rnd.IntN(3)]}
		case rnd.IntN(8) == 0:
			delete(files, name)
		default:
			files[name] = entry{e.mode, blobs[rnd.IntN(3)]}
		}
	}
	snapshot := func() *Snapshot {
		tree := treeOf(set, files, "")
		s, err := New(Source{Objects: set, Tree: tree, Folders: known, Note: func(err error) error { return err }},
			limits.Limits{}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	told := 0
	was, before := snapshot(), maps.Clone(files)
	for range 2000 {
		for range rnd.IntN(3) {
			edit()
		}
		now := snapshot()
		names, ok := now.ChangedSince(was)
		var want []string
		comparable := len(before) == len(files)
		for name, e := range files {
			o, there := before[name]
			same := there && (o.mode == "120000") == (e.mode == "120000") && (o.mode == "160000") == (e.mode == "160000")
			plain := e.mode == "100644" || e.mode == "100755"
			comparable = comparable && same && (plain || o == e)
			if plain && o.blob != e.blob {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		slices.Sort(names)
		if ok != comparable || ok && !slices.Equal(names, want) {
			t.Fatalf("%v, %t, want %v, %t\nbefore %v\nafter %v", names, ok, want, comparable, before, files)
		}
		if ok && len(names) > 0 {
			told++
		}
		was, before = now, maps.Clone(files)
	}
	if told < 200 {
		t.Errorf("only %d trees differ in files alone", told)
	}
	if _, ok := was.ChangedSince(fstest.MapFS{}); ok {
		t.Error("a tree of another kind can be compared")
	}
}

// TestChangedSinceCountsNothing: comparing looks at folders that are not read, and they count towards no limit.
func TestChangedSinceCountsNothing(t *testing.T) {
	set := objects.Set{}
	text := func(s string) plumbing.Hash { return set.Add(objects.New(plumbing.BlobObject, []byte(s))) }
	open := func(beside, read string) *Snapshot {
		files := map[string]entry{"read/f": {"100644", text(read)}, "beside": {"100644", text(beside)}}
		s, err := New(Source{
			Objects: set, Tree: treeOf(set, files, ""), Folders: &sync.Map{}, Note: func(err error) error { return err },
		}, limits.Limits{Bytes: 10, Files: 100}.WithDefaults(), "read")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	was, now := open("more bytes than may be read", "a"), open("also more bytes than may be read", "b")
	if names, ok := now.ChangedSince(was); !ok || !slices.Equal(names, []string{"beside", "read/f"}) {
		t.Errorf("%v, %t", names, ok)
	}
	if data, err := fs.ReadFile(now, "read/f"); err != nil || string(data) != "b" {
		t.Errorf("%q, %v", data, err)
	}
	if list, err := fs.ReadDir(now, "read"); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestChangedSinceCountsWhatWasRead: a tree that is known by what changed in one that was read keeps to the same
// limits. Nothing lists its folders, so that no error would say that it is too large.
func TestChangedSinceCountsWhatWasRead(t *testing.T) {
	set, known := objects.Set{}, &sync.Map{}
	open := func(text string) *Snapshot {
		files := map[string]entry{}
		for _, name := range []string{"a/f", "b/f"} {
			files[name] = entry{"100644", set.Add(objects.New(plumbing.BlobObject, []byte("same")))}
		}
		files["a/g"] = entry{"100644", set.Add(objects.New(plumbing.BlobObject, []byte(text)))}
		s, err := New(Source{
			Objects: set, Tree: treeOf(set, files, ""), Folders: known, Note: func(err error) error { return err },
		}, limits.Limits{Bytes: 20, Files: 100}.WithDefaults())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := open("1")
	read := func(s *Snapshot) error {
		return fs.WalkDir(s, ".", func(_ string, _ fs.DirEntry, err error) error { return err })
	}
	if err := read(first); err != nil {
		t.Fatal(err)
	}
	second, third, large := open("22"), open("333"), open("thirteen bytes and more")
	for i, s := range []*Snapshot{second, third} {
		before := []*Snapshot{first, second}[i]
		if names, ok := s.ChangedSince(before); !ok || !slices.Equal(names, []string{"a/g"}) {
			t.Errorf("%d: %v, %t", i, names, ok)
		}
	}
	if _, ok := large.ChangedSince(third); ok {
		t.Error("a tree beyond the limit of bytes is known by what changed")
	}
	if err := read(large); err == nil {
		t.Error("to read it is no error")
	}
}

// treeOf stores the tree of the files below a folder, whose path ends in a slash.
func treeOf(set objects.Set, files map[string]entry, dir string) plumbing.Hash {
	within := map[string]entry{}
	for name, e := range files {
		if len(name) <= len(dir) || name[:len(dir)] != dir {
			continue
		}
		rest := name[len(dir):]
		for i := range rest {
			if rest[i] == '/' {
				rest, e = rest[:i], entry{"40000", plumbing.ZeroHash}
				break
			}
		}
		within[rest] = e
	}
	var raw []byte
	for _, name := range slices.Sorted(maps.Keys(within)) {
		e := within[name]
		if e.mode == "40000" {
			e.blob = treeOf(set, files, dir+name+"/")
		}
		raw = append(append(raw, e.mode+" "+name+"\x00"...), e.blob[:]...)
	}
	return set.Add(objects.New(plumbing.TreeObject, raw))
}

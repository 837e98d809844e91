// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/store"
)

const enough = 1 << 40

// repo makes commits of files.
type repo struct {
	t     *testing.T
	files map[string]string
}

func (r *repo) put(set objects.Set, encode func(plumbing.EncodedObject) error) plumbing.Hash {
	r.t.Helper()
	h, err := set.Put(encode)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// commit writes all objects of the files as they are now.
func (r *repo) commit(message string) (plumbing.Hash, objects.Set) {
	r.t.Helper()
	set := objects.Set{}
	return r.put(set, (&object.Commit{TreeHash: r.tree(set, ""), Message: message}).Encode), set
}

func (r *repo) tree(set objects.Set, dir string) plumbing.Hash {
	var t object.Tree
	var below []string
	for name, content := range r.files {
		rest, ok := strings.CutPrefix(name, dir)
		if !ok {
			continue
		}
		if folder, _, deep := strings.Cut(rest, "/"); deep {
			below = append(below, folder)
			continue
		}
		h := r.put(set, func(o plumbing.EncodedObject) error {
			o.SetType(plumbing.BlobObject)
			w, err := o.Writer()
			if err == nil {
				_, err = w.Write([]byte(content))
			}
			return err
		})
		t.Entries = append(t.Entries, object.TreeEntry{Name: rest, Mode: filemode.Regular, Hash: h})
	}
	slices.Sort(below)
	for _, folder := range slices.Compact(below) {
		h := r.tree(set, dir+folder+"/")
		t.Entries = append(t.Entries, object.TreeEntry{Name: folder, Mode: filemode.Dir, Hash: h})
	}
	sort.Sort(object.TreeEntrySorter(t.Entries))
	return r.put(set, t.Encode)
}

// edit changes, adds, moves or removes some files.
func (r *repo) edit(rnd *rand.Rand) {
	name := func() string { return fmt.Sprintf("d%d/e%d/f%d", rnd.IntN(3), rnd.IntN(3), rnd.IntN(4)) }
	for range 1 + rnd.IntN(4) {
		switch rnd.IntN(5) {
		case 0:
			delete(r.files, name())
		case 1: // a folder that moves
			from, to := fmt.Sprintf("d%d/", rnd.IntN(3)), fmt.Sprintf("d%d/", rnd.IntN(3))
			for _, n := range slices.Sorted(func(yield func(string) bool) {
				for n := range r.files {
					if strings.HasPrefix(n, from) && !yield(n) {
						return
					}
				}
			}) {
				content := r.files[n]
				delete(r.files, n)
				r.files[to+strings.TrimPrefix(n, from)] = content
			}
		case 2: // a folder that becomes a file, or the other way round
			at := fmt.Sprintf("d%d/e%d", rnd.IntN(3), rnd.IntN(3))
			if _, ok := r.files[at]; ok {
				delete(r.files, at)
				continue
			}
			for n := range r.files {
				if strings.HasPrefix(n, at+"/") {
					delete(r.files, n)
				}
			}
			r.files[at] = "was a folder"
		default:
			n := name()
			if _, blocked := r.files[n[:strings.LastIndex(n, "/")]]; !blocked {
				r.files[n] = fmt.Sprint("content ", rnd.IntN(20))
			}
		}
	}
	r.files["top"] = fmt.Sprint(rnd.IntN(1000))
}

// TestNextIsGather: any way that files change from commit to commit, all objects of the newest are there; and the
// commit itself is refused when one of the objects is missing that a fetch should have brought.
func TestNextIsGather(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := &repo{t: t, files: map[string]string{"top": "0", "d0/e0/f0": "0"}}
		first, set := r.commit("0")
		at, err := store.Gather(first, false, enough, set)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 30 {
			r.edit(rnd)
			h, all := r.commit(fmt.Sprint(round))
			fresh := objects.Set{}
			for name, o := range all {
				if _, held := at.Object(name); !held {
					fresh[name] = o
				}
			}
			for lost := range fresh { // any one of them
				without := objects.Set{}
				for name, o := range fresh {
					if name != lost {
						without[name] = o
					}
				}
				if _, err := at.Next(h, false, enough, without); !errors.Is(err, objects.ErrMissing) {
					t.Fatalf("seed %d, round %d: %s is missing, and %v", seed, round, lost, err)
				}
				break
			}
			if at, err = at.Next(h, false, enough, fresh); err != nil {
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
			if _, err := store.Gather(h, false, enough, at); err != nil {
				t.Fatalf("seed %d, round %d: not whole: %v", seed, round, err)
			}
		}
	}
}

// TestStoreIsBounded makes 10,000 commits, and removes a large folder: neither the number nor the bytes of what is held
// follow the history.
func TestStoreIsBounded(t *testing.T) {
	r := &repo{t: t, files: map[string]string{}}
	for i := range 20 {
		r.files[fmt.Sprintf("d%d/f", i)] = strings.Repeat(fmt.Sprint(i), 100)
	}
	first, set := r.commit("first")
	at, err := store.Gather(first, false, enough, set)
	if err != nil {
		t.Fatal(err)
	}
	next := func(message string) {
		t.Helper()
		h, all := r.commit(message)
		if at, err = at.Next(h, false, enough, all); err != nil {
			t.Fatal(err)
		}
	}
	mostObjects, mostBytes := 0, int64(0)
	for i := range 10_000 {
		r.files[fmt.Sprintf("d%d/f", i%20)] = strings.Repeat(fmt.Sprintf("%06d", i), 100)
		next(fmt.Sprint(i))
		count, bytes := at.Held()
		mostObjects, mostBytes = max(mostObjects, count), max(mostBytes, bytes)
	}
	// A commit brings 4 objects, and 128 of them share a Store.
	if mostObjects > 1000 || mostBytes > 2<<20 {
		t.Errorf("%d objects of %d bytes were held", mostObjects, mostBytes)
	}
	for i := range 30 {
		r.files[fmt.Sprintf("large/%d", i)] = strings.Repeat(fmt.Sprint(i), 1<<19)
	}
	next("large")
	for name := range r.files {
		if strings.HasPrefix(name, "large/") {
			delete(r.files, name)
		}
	}
	next("gone")
	if _, bytes := at.Held(); bytes > 1<<20 {
		t.Errorf("%d bytes are held after a large folder is gone", bytes)
	}
}

// TestTooLarge: the limit is on what a commit needs, not on what the Store holds beside it.
func TestTooLarge(t *testing.T) {
	r := &repo{t: t, files: map[string]string{"a": strings.Repeat("a", 1000)}}
	first, set := r.commit("first")
	if _, err := store.Gather(first, false, 1000, set); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("Gather: %v", err)
	}
	at, err := store.Gather(first, false, 5000, set)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // 20 kB pass through
		r.files["a"] = strings.Repeat(fmt.Sprint(i), 500)
		h, all := r.commit("next")
		if at, err = at.Next(h, false, 5000, all); err != nil {
			t.Fatal(err)
		}
	}
	r.files["b"] = strings.Repeat("b", 5000)
	h, all := r.commit("too large")
	if _, err := at.Next(h, false, 5000, all); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("Next: %v", err)
	}
}

// TestBombIsGone takes away a folder of a few objects with more paths than can be counted, or changes all of it: each
// takes no longer than there are objects.
func TestBombIsGone(t *testing.T) {
	r := &repo{t: t}
	set := objects.Set{}
	folder := func(below plumbing.Hash) plumbing.Hash {
		var entries []object.TreeEntry
		for i := range 10 {
			entries = append(entries, object.TreeEntry{Name: fmt.Sprint(i), Mode: filemode.Dir, Hash: below})
		}
		return r.put(set, (&object.Tree{Entries: entries}).Encode)
	}
	bomb := func(content string) plumbing.Hash {
		r.files = map[string]string{"f": content}
		h := r.tree(set, "")
		for range 30 {
			h = folder(h)
		}
		return h
	}
	commit := func(tree plumbing.Hash) plumbing.Hash { return r.put(set, (&object.Commit{TreeHash: tree}).Encode) }
	at, err := store.Gather(commit(bomb("first")), false, enough, set)
	if err != nil {
		t.Fatal(err)
	}
	for _, tree := range []plumbing.Hash{bomb("second"), r.tree(set, "")} {
		h := commit(tree)
		if at, err = at.Next(h, false, enough, set); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Gather(h, false, enough, at); err != nil {
			t.Errorf("not whole: %v", err)
		}
	}
	if count, _ := at.Held(); count != 3 {
		t.Errorf("%d objects are held of a commit with one file", count)
	}
}

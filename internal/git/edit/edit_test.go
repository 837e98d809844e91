// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/pack"
)

// parts are names that are ordered in other ways as folders than as files, or that are odd.
var parts = []string{"a", "a.b", "a-", "a0", "b", "ä", " ", "a b", "-x", "x\"y", "%s", "0", "zz"}

// files are some files in some folders. None is both.
func files(rnd *rand.Rand, from map[string][]byte) map[string][]byte {
	out := maps.Clone(from)
	if out == nil {
		out = map[string][]byte{}
	}
	for range 1 + rnd.IntN(6) {
		name := parts[rnd.IntN(len(parts))]
		for range rnd.IntN(3) {
			name += "/" + parts[rnd.IntN(len(parts))]
		}
		for other := range out { // no file is a folder
			if other == name || strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
				delete(out, other)
			}
		}
		if rnd.IntN(4) > 0 {
			out[name] = fmt.Append(nil, rnd.IntN(5))
		}
	}
	if rnd.IntN(25) == 0 {
		clear(out)
	}
	return out
}

// TestSpliceIsAsPlain edits folders over and over: trees and objects are those of the plain way, and Git finds nothing
// wrong with the trees, which it receives as differences to those before.
func TestSpliceIsAsPlain(t *testing.T) {
	repo := gittest.NewRepo(t)
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		base, root := objects.Set{}, plumbing.ZeroHash
		content := map[string]map[string][]byte{}
		for step := range 40 {
			dir := []string{".", "a", "a/b", "a.b/a", "status"}[rnd.IntN(5)]
			if dir == "." && rnd.IntN(3) > 0 {
				dir = "status"
			}
			content[dir] = files(rnd, content[dir])
			fresh, plain := objects.Set{}, objects.Set{}
			tree, err := Folder(base, root, dir, content[dir], fresh)
			want, plainErr := plainFolder(base, root, dir, content[dir], plain)
			if (err != nil) != (plainErr != nil) {
				t.Fatalf("seed %d, step %d: %v, plain %v", seed, step, err, plainErr)
			}
			if err != nil {
				content[dir] = nil
				continue
			}
			if tree != want {
				t.Fatalf("seed %d, step %d: %s is %q, plain %q", seed, step, dir, show(fresh, tree), show(plain, want))
			}
			whole := maps.Clone(base)
			maps.Copy(whole, fresh)
			for h := range plain {
				if whole[h] == nil {
					t.Fatalf("seed %d, step %d: %s is missing", seed, step, h)
				}
			}
			for h := range fresh {
				if plain[h] == nil && base[h] == nil { // the plain way forgets what is elsewhere
					t.Errorf("seed %d, step %d: %s is pushed for nothing", seed, step, h)
				}
			}
			receive(t, repo, fresh, &pack.Basis{Objects: base, Old: root, New: tree})
			base, root = whole, tree
		}
		commit := repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", root.String(), "-m", "m")
		repo.Reset(fmt.Sprint("seed", seed), commit)
	}
	repo.Fsck()
}

// receive has Git take a pack, as it does for a push.
func receive(t *testing.T, repo *gittest.Repo, fresh objects.Set, basis *pack.Basis) {
	t.Helper()
	if len(fresh) == 0 {
		return
	}
	r, err := pack.Encode(fresh, basis)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	repo.GitInput(string(b), "index-pack", "--stdin", "--fix-thin", "--strict")
}

func show(set objects.Set, tree plumbing.Hash) string {
	b, _ := objects.Bytes(set, plumbing.TreeObject, tree)
	return string(b)
}

// TestConflicts: no name is a file and a folder.
func TestConflicts(t *testing.T) {
	for name, wanted := range map[string]map[string][]byte{
		"direct": {"a": nil, "a/b": nil},
		"deep":   {"x/a": nil, "x/a/b/c/d": nil},
	} {
		if _, err := Folder(objects.Set{}, plumbing.ZeroHash, ".", wanted, objects.Set{}); err == nil {
			t.Errorf("%s: both are written", name)
		}
	}
	base := objects.Set{}
	root, err := Folder(base, plumbing.ZeroHash, ".", map[string][]byte{"a": []byte("x")}, base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(base, root, "a", map[string][]byte{"b": nil}, objects.Set{}); err == nil {
		t.Error("a file is replaced by a folder beside the one that is edited")
	}
}

// TestTreesOfOthers edits trees that Git would not write: the result is one that it would.
func TestTreesOfOthers(t *testing.T) {
	base := objects.Set{}
	blob := base.Add(objects.New(plumbing.BlobObject, []byte("x")))
	raw := func(entries ...string) plumbing.Hash {
		var b bytes.Buffer
		for _, e := range entries {
			fmt.Fprintf(&b, "%s\x00%s", e, blob[:])
		}
		return base.Add(objects.New(plumbing.TreeObject, b.Bytes()))
	}
	for name, tree := range map[string]plumbing.Hash{
		"order":       raw("100644 b", "100644 a"),
		"twice":       raw("100644 a", "100644 a"),
		"old mode":    raw("100664 a", "100644 b"),
		"padded mode": raw("100644 a", "0100644 b"),
		"both":        raw("100644 a", "100644 a.b", "40000 a"),
	} {
		fresh := objects.Set{}
		got, err := Folder(base, tree, "new", map[string][]byte{"f": []byte("y")}, fresh)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b, err := objects.Bytes(fresh, plumbing.TreeObject, got); err != nil || !objects.Canonical(b) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		exact, err := Folder(base, tree, ".", map[string][]byte{"a": []byte("x"), "c": []byte("y")}, objects.Set{})
		want, plainErr := plainFolder(base, tree, ".", map[string][]byte{"a": []byte("x"), "c": []byte("y")}, objects.Set{})
		if err != nil || plainErr != nil || exact != want {
			t.Errorf("%s: %s, %v, plain %s, %v", name, exact, err, want, plainErr)
		}
	}
	if _, err := Folder(base, base.Add(objects.New(plumbing.TreeObject, []byte("no tree"))), "d",
		map[string][]byte{"f": nil}, objects.Set{}); err == nil {
		t.Error("what is no tree is edited")
	}
}

// TestFile puts a file beside others.
func TestFile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		base, fresh := objects.Set{}, objects.Set{}
		all := files(rnd, nil)
		root, err := Folder(base, plumbing.ZeroHash, ".", all, base)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := File(base, root, "m", []byte("1"), fresh)
		if err != nil {
			t.Fatal(err)
		}
		again, err := File(base, tree, "m", []byte("2"), fresh) // the first is dropped
		all["m"] = []byte("2")
		want, wantErr := plainFolder(objects.Set{}, plumbing.ZeroHash, ".", all, objects.Set{})
		if err != nil || wantErr != nil || again != want || fresh[tree] != nil {
			t.Fatalf("%q: %s, %v, want %s, %v", all, again, err, want, wantErr)
		}
		if same, err := File(objects.Layers{fresh, base}, again, "m", []byte("2"), fresh); err != nil || same != again {
			t.Errorf("the same content makes another tree: %v", err)
		}
	}
}

// BenchmarkFolder changes one file of 10,000 in a folder.
func BenchmarkFolder(b *testing.B) {
	content := map[string][]byte{}
	for i := range 10_000 {
		content[fmt.Sprintf("default/workspace-%d.yaml", i)] = bytes.Repeat(fmt.Appendf(nil, "key%d: value\n", i), 70)
	}
	for name, folder := range map[string]func(
		objects.Source, plumbing.Hash, string, map[string][]byte, objects.Set,
	) (plumbing.Hash, error){"spliced": Folder, "plain": plainFolder} {
		b.Run(name, func(b *testing.B) {
			base := objects.Set{}
			root, err := folder(base, plumbing.ZeroHash, "status/demo", content, base)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				content["default/workspace-5000.yaml"] = fmt.Appendf(nil, "state: %d", i)
				if _, err := folder(base, root, "status/demo", content, objects.Set{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestNamesWithSlashes: an entry whose name looks like a path is none of the files.
func TestNamesWithSlashes(t *testing.T) {
	base := objects.Set{}
	blob := base.Add(objects.New(plumbing.BlobObject, []byte("1")))
	below := base.Add(objects.New(plumbing.TreeObject, entry{"f", filemode.Regular, blob}.append(nil)))
	var tree []byte
	for _, e := range []entry{{"a/b", filemode.Regular, blob}, {"c/d", filemode.Dir, below}} {
		tree = e.append(tree)
	}
	root := base.Add(objects.New(plumbing.TreeObject, tree))
	files := map[string][]byte{"a/b": []byte("1"), "c/d/f": []byte("1"), "e": []byte("1")}
	want, err := Folder(objects.Set{}, plumbing.ZeroHash, ".", files, objects.Set{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Folder(base, root, ".", files, objects.Set{}); err != nil || got != want {
		t.Errorf("tree %s, want %s; %v", got, want, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// folder is a tree: names, of which those of folders end with a slash, and the objects.
type folder map[string]plumbing.Hash

func (f folder) encode() []byte {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names) // with the slash, as Git orders them
	var raw []byte
	for _, name := range names {
		mode, h := "100644", f[name]
		if plain, ok := strings.CutSuffix(name, "/"); ok {
			mode, name = "40000", plain
		}
		raw = append(append(raw, mode+" "+name+"\x00"...), h[:]...)
	}
	return raw
}

func anyHash(rnd *rand.Rand) (h plumbing.Hash) {
	for i := range h {
		h[i] = byte(rnd.Uint32())
	}
	return h
}

// edit changes, adds and removes some entries.
func (f folder) edit(rnd *rand.Rand, n int) {
	for range n {
		name := fmt.Sprintf("%d%s", rnd.IntN(400), []string{"", ".a", "-", "/"}[rnd.IntN(4)])
		if rnd.IntN(3) == 0 {
			delete(f, name)
		} else {
			f[name] = anyHash(rnd)
		}
	}
}

// TestDifferenceOfTrees: what is written as a difference is read back, for any change, and is small if that is little.
func TestDifferenceOfTrees(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		f := folder{}
		f.edit(rnd, rnd.IntN(1500))
		before := f.encode()
		changes := rnd.IntN(4)
		f.edit(rnd, changes)
		after := f.encode()
		delta := diffTrees(before, after)
		got, err := packfile.PatchDelta(before, delta)
		if err != nil || !bytes.Equal(got, after) {
			t.Fatalf("seed %d: %v, %d bytes, want %d", seed, err, len(got), len(after))
		}
		if len(delta) > 20+changes*60 {
			t.Errorf("seed %d: %d changes take %d bytes", seed, changes, len(delta))
		}
	}
	for name, trees := range map[string][2][]byte{
		"to nothing": {folder{"a": {1}}.encode(), nil},
		"not a tree": {[]byte("some text"), []byte(strings.Repeat("another ", 100))},
		"large":      {bytes.Repeat(folder{"a": {1}}.encode(), 1_000_000), bytes.Repeat(folder{"a": {1}}.encode(), 999_999)},
	} {
		got, err := packfile.PatchDelta(trees[0], diffTrees(trees[0], trees[1]))
		if err != nil || !bytes.Equal(got, trees[1]) {
			t.Errorf("%s: %v, %d bytes, want %d", name, err, len(got), len(trees[1]))
		}
	}
}

// TestThinPack writes a tree as a difference to one that the receiver has, and reads it there. Without that tree it
// cannot.
func TestThinPack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	inner, other := folder{}, folder{}
	inner.edit(rnd, 1000)
	other.edit(rnd, 1000)
	has, fresh := objects.Set{}, objects.Set{}
	tree := func(set objects.Set, f folder) plumbing.Hash {
		return set.Add(objects.New(plumbing.TreeObject, f.encode()))
	}
	old := tree(has, folder{"a": {1}, "a/": tree(has, inner), "b/": tree(has, other)})
	inner.edit(rnd, 2)
	root := tree(fresh, folder{"a": {1}, "a/": tree(fresh, inner), "b/": tree(objects.Set{}, other), "c": {1}})
	fresh.Add(objects.New(plumbing.BlobObject, []byte("content")))

	write := func(b *Basis) []byte {
		t.Helper()
		r, err := Encode(fresh, b)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		_, _ = out.ReadFrom(r)
		return out.Bytes()
	}
	whole, thin := write(nil), write(&Basis{Objects: has, Old: old, New: root})
	if len(thin) > 1000 || len(thin)*5 > len(whole) {
		t.Errorf("the differences take %d bytes, all of it %d", len(thin), len(whole))
	}
	most := limits.Limits{PackBytes: 1 << 20}
	for _, packed := range [][]byte{whole, thin} {
		if !sameAsParser(t, packed, most, has) {
			t.Error("it takes the parser")
		}
		set, err := Read(bytes.NewReader(packed), most, has)
		if err != nil || len(set) != len(fresh) {
			t.Fatalf("%d objects, %v, want %d", len(set), err, len(fresh))
		}
		for h, o := range fresh {
			want, _ := objects.Bytes(fresh, o.Type(), h)
			if got, err := objects.Bytes(set, o.Type(), h); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v", h, err)
			}
		}
	}
	for name, base := range map[string]objects.Source{"none": nil, "others": fresh} {
		sameAsParser(t, thin, most, base)
		if _, err := Read(bytes.NewReader(thin), most, base); !errors.Is(err, objects.ErrMissing) {
			t.Errorf("%s: %v, want ErrMissing", name, err)
		}
	}
	if _, err := Read(bytes.NewReader(thin), limits.Limits{PackBytes: 1 << 10}, has); !errors.Is(err, limits.ErrTooLarge) {
		t.Errorf("differences that make more than is allowed: %v", err)
	}
}

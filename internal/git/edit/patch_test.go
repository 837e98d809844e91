// SPDX-License-Identifier: Apache-2.0

package edit_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/edit"
	"syncer.dev/syncer/internal/git/objects"
)

// TestPatch: random changes make the same tree, of the same new objects, as all files do.
func TestPatch(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := []string{".", "status/demo"}[rng.IntN(2)]
		all, files := objects.Set{}, map[string][]byte{}
		root, err := edit.Folder(all, plumbing.ZeroHash, "other", map[string][]byte{"x": []byte("x")}, all)
		if err != nil {
			t.Fatal(err)
		}
		for step := range 12 {
			if dir == "." {
				files["other/x"] = []byte("x")
			}
			changed := map[string][]byte{}
			for range rng.IntN(4) {
				name := fmt.Sprintf("%c/%d", 'a'+rune(rng.IntN(3)), rng.IntN(4))
				if rng.IntN(5) == 0 {
					name = fmt.Sprint("top-", rng.IntN(2))
				}
				if changed[name] = nil; rng.IntN(3) > 0 {
					changed[name] = []byte(fmt.Sprint(rng.IntN(3)))
				}
			}
			for name, data := range changed {
				if files[name] = data; data == nil {
					delete(files, name)
				}
			}
			wanted, fresh := objects.Set{}, objects.Set{}
			want, err := edit.Folder(all, root, dir, files, wanted)
			if err != nil {
				t.Fatal(err)
			}
			got, err := edit.Patch(all, root, dir, changed, fresh)
			if err != nil || got != want {
				t.Fatalf("seed %d, step %d: %q make tree %s, %v, and not %s", seed, step, changed, got, err, want)
			}
			if a, b := newIn(wanted, all), newIn(fresh, all); !slices.Equal(a, b) {
				t.Fatalf("seed %d, step %d: %q are new, and not %q", seed, step, b, a)
			}
			maps.Copy(all, fresh)
			root = got
		}
	}
}

// newIn lists the objects that are not among others.
func newIn(s, others objects.Set) []string {
	var out []string
	for h := range s {
		if others[h] == nil {
			out = append(out, h.String())
		}
	}
	slices.Sort(out)
	return out
}

// TestPatchRefuses: what is a folder does not become a file, and the reverse.
func TestPatchRefuses(t *testing.T) {
	all := objects.Set{}
	root, err := edit.Folder(all, plumbing.ZeroHash, ".", map[string][]byte{"a/b": []byte("x"), "c": []byte("y")}, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []map[string][]byte{
		{"a": []byte("x")}, {"c/d": []byte("x")}, {"new": []byte("x"), "new/e": []byte("x")},
	} {
		if tree, err := edit.Patch(all, root, ".", changed, objects.Set{}); err == nil {
			t.Errorf("%q makes tree %s", changed, tree)
		}
	}
}

// TestPatchMakesAFolder: a file that is to go makes room for a folder of its name.
func TestPatchMakesAFolder(t *testing.T) {
	all := objects.Set{}
	root, err := edit.Folder(all, plumbing.ZeroHash, ".", map[string][]byte{"c": []byte("y")}, all)
	if err != nil {
		t.Fatal(err)
	}
	want, err := edit.Folder(all, root, ".", map[string][]byte{"c/d": []byte("x")}, objects.Set{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := edit.Patch(all, root, ".", map[string][]byte{"c": nil, "c/d": []byte("x")}, objects.Set{})
	if err != nil || got != want {
		t.Errorf("tree %s, %v, want %s", got, err, want)
	}
}

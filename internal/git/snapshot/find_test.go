// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// TestFindAfterOthers: what is at a path does not depend on what was asked for before, in trees with names of which one
// is the start of another, with names that are there twice, and with files where a path has folders.
func TestFindAfterOthers(t *testing.T) {
	names := []string{"a", "a.b", "a-", "b", "b0"}
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		set := objects.Set{}
		file := set.Add(objects.New(plumbing.BlobObject, []byte("x")))
		var tree func(depth int) plumbing.Hash
		tree = func(depth int) plumbing.Hash {
			var entries []string
			for _, name := range names {
				for range 1 + rnd.IntN(8)/7 { // some twice
					switch {
					case rnd.IntN(4) == 0:
					case depth < 3 && rnd.IntN(2) == 0:
						h := tree(depth + 1)
						entries = append(entries, fmt.Sprintf("40000 %s\x00%s", name, h[:]))
					default:
						entries = append(entries, fmt.Sprintf("100644 %s\x00%s", name, file[:]))
					}
				}
			}
			return set.Add(objects.New(plumbing.TreeObject, []byte(strings.Join(entries, ""))))
		}
		root := tree(0)
		open := func() *Snapshot {
			s, err := New(Source{
				Objects: set, Tree: root, Folders: &sync.Map{}, Note: func(err error) error { return err },
			}, limits.Limits{}.WithDefaults())
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var paths []string
		for _, a := range names {
			paths = append(paths, a)
			for _, b := range names {
				paths = append(paths, a+"/"+b, a+"/"+b+"/a", a+"/"+b+"/b")
			}
		}
		slices.Sort(paths)
		asked := open()
		for i := range 400 {
			p := paths[i%len(paths)] // in their order, and then in any
			if i >= len(paths) && rnd.IntN(2) == 0 {
				p = paths[rnd.IntN(len(paths))]
			}
			got, err := asked.find("stat", p)
			want, wantErr := open().find("stat", p)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) ||
				err == nil && (got.path != want.path || got.hash != want.hash || got.mode != want.mode) {
				t.Fatalf("seed %d: %s is %+v, %v, and not %+v, %v", seed, p, got, err, want, wantErr)
			}
			sameList(t, asked, p)
		}
	}
}

// sameList holds what Each visits to what ReadDir returns.
func sameList(t *testing.T, s *Snapshot, dir string) {
	t.Helper()
	var got, want []string
	err := s.Each(dir, func(name string, kind fs.FileMode) { got = append(got, fmt.Sprint(name, kind)) })
	entries, wantErr := s.ReadDir(dir)
	for _, d := range entries {
		want = append(want, fmt.Sprint(d.Name(), d.Type()))
	}
	if !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s has %v, %v, and not %v, %v", dir, got, err, want, wantErr)
	}
}

// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"fmt"
	"io/fs"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// TestChangedSinceIsBounded: a folder that is not read may name another ten times, which does so too, and so on: a few
// hundred bytes with more paths than can be looked at. It must not matter, and comparing it must end.
func TestChangedSinceIsBounded(t *testing.T) {
	set := objects.Set{}
	known := &sync.Map{}
	open := func(content string) *Snapshot {
		mode, at := "100644", set.Add(objects.New(plumbing.BlobObject, []byte(content)))
		for range 12 {
			var raw []byte
			for i := range 10 {
				raw = append(append(raw, fmt.Sprintf("%s %d\x00", mode, i)...), at[:]...)
			}
			mode, at = "40000", set.Add(objects.New(plumbing.TreeObject, raw))
		}
		read := set.Add(objects.New(plumbing.BlobObject, []byte("read "+content)))
		folder := set.Add(objects.New(plumbing.TreeObject, append([]byte("100644 f\x00"), read[:]...)))
		raw := append([]byte("40000 beside\x00"), at[:]...)
		raw = append(append(raw, "40000 read\x00"...), folder[:]...)
		s, err := New(Source{
			Objects: set, Tree: set.Add(objects.New(plumbing.TreeObject, raw)), Folders: known,
			Note: func(err error) error { return err },
		}, limits.Limits{Files: 1000}.WithDefaults(), "read")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	was, now := open("a"), open("b")
	if _, ok := now.ChangedSince(was); ok { // without a bound, it does not return
		t.Error("the trees can be compared")
	}
	folders := 0
	known.Range(func(any, any) bool { folders++; return true })
	if folders > 2500 {
		t.Errorf("%d folders are kept", folders)
	}
	if data, err := fs.ReadFile(now, "read/f"); err != nil || string(data) != "read b" {
		t.Errorf("%q, %v", data, err)
	}
}

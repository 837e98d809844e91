// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/shelf"
)

// TestShelved: an object on a shelf is what it was, by all that can be asked of it, whether the shelf has room or not.
func TestShelved(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	on := shelf.New(1 << 12)
	for i := range 2000 {
		text := []byte(strings.Repeat(fmt.Sprintf("field-%d: value %d\n", i%7, i), 1+rnd.IntN(60)))
		if i%5 == 0 {
			for range rnd.IntN(300) {
				text = append(text, byte(rnd.IntN(256)))
			}
		}
		kind := plumbing.BlobObject
		if i%3 == 0 {
			kind = plumbing.TreeObject
		}
		want := objects.New(kind, text)
		got, err := objects.Shelved(want, on)
		if err != nil {
			t.Fatal(err)
		}
		data, err := objects.Bytes(objects.Set{got.Hash(): got}, kind, got.Hash())
		if err != nil || !bytes.Equal(data, text) {
			t.Fatalf("%d: %q, %v, want %q", i, data, err, text)
		}
		r, err := got.Reader()
		if err != nil {
			t.Fatal(err)
		}
		read, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(read, text) || got.Size() != want.Size() || got.Hash() != want.Hash() ||
			got.Type() != want.Type() {
			t.Fatalf("%d: %q of %d bytes, %v", i, read, got.Size(), err)
		}
		again, err := objects.Shelved(got, shelf.New(1<<12)) // on the shelf that it is on
		if err != nil || again.Size() != want.Size() {
			t.Fatalf("%d: %d bytes, %v", i, again.Size(), err)
		}
	}
}

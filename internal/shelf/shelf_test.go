// SPDX-License-Identifier: Apache-2.0

package shelf

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// textsOf returns texts of a few shapes, with names in between, and some that share nothing.
func textsOf(rng *rand.Rand, n int) []string {
	word := func() string {
		b := make([]byte, 1+rng.IntN(40))
		for i := range b {
			b[i] = byte(rng.IntN(256))
		}
		return string(b)
	}
	var shapes [][]string
	for range 3 {
		var shape []string
		for range rng.IntN(30) {
			shape = append(shape, strings.Repeat(word(), 1+rng.IntN(5)))
		}
		shapes = append(shapes, shape)
	}
	var out []string
	for i := range n {
		switch rng.IntN(8) {
		case 0:
			out = append(out, word())
		case 1:
			out = append(out, "")
		default:
			out = append(out, strings.Join(shapes[rng.IntN(len(shapes))], fmt.Sprintf("name-%d", i)))
		}
	}
	return out
}

// TestShelf: each text comes back, also those that were put on the shelf before others, and when it is full.
func TestShelf(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := New(1 << (8 + rng.IntN(8)))
		texts := textsOf(rng, 60)
		var kept []string
		for _, text := range texts {
			kept = append(kept, string(s.Put([]byte(text))))
		}
		for i, text := range texts {
			if got, err := s.Get(kept[i]); err != nil || string(got) != text {
				t.Fatalf("seed %d: text %d is %q, %v, not %q", seed, i, got, err, text)
			}
		}
		if len(s.text) > s.limit {
			t.Fatalf("seed %d: %d bytes on a shelf for %d", seed, len(s.text), s.limit)
		}
	}
}

// TestShelfIsSmall: of a text that differs from another one by a name, little more than the name is kept.
func TestShelfIsSmall(t *testing.T) {
	s := New(1 << 16)
	shape := make([]string, 10)
	rng := rand.New(rand.NewPCG(1, 3))
	for i := range shape {
		for range 100 {
			shape[i] += fmt.Sprintf("%x,", rng.Uint32())
		}
	}
	for i := range 100 {
		kept := s.Put([]byte(strings.Join(shape, fmt.Sprintf("name-%02d", i))))
		if i > 0 && len(kept) > 9*(7+5)+20 {
			t.Fatalf("%d bytes of text %d", len(kept), i)
		}
	}
}

// TestShelfHasWhatIsNew: a text of another shape puts there only what it has not in common with others.
func TestShelfHasWhatIsNew(t *testing.T) {
	s := New(1 << 16)
	rng := rand.New(rand.NewPCG(2, 3))
	part := func() (out string) {
		for range 100 {
			out += fmt.Sprintf("%x,", rng.Uint32())
		}
		return out
	}
	shared := part()
	s.Put([]byte(part() + shared))
	before, other := len(s.text), part()
	s.Put([]byte(other + shared + "some more"))
	if added := len(s.text) - before; added < len(other)-2*block || added > len(other)+block {
		t.Errorf("%d bytes are added for %d", added, len(other))
	}
}

// TestFull: a shelf without room says so, and keeps texts as they are.
func TestFull(t *testing.T) {
	s := New(1 << 8)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 20 {
		text := fmt.Sprintf("%x", []any{rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64()})
		if got, err := s.Get(string(s.Put([]byte(text)))); err != nil || string(got) != text {
			t.Fatalf("text %d: %q, %v", i, got, err)
		}
		if i == 0 && s.Full() {
			t.Error("it is full from the first text on")
		}
	}
	if !s.Full() {
		t.Error("it is not full")
	}
}

func TestNotOfShelf(t *testing.T) {
	s := New(1 << 10)
	s.Put([]byte(strings.Repeat("some text ", 20)))
	if len(s.text) == 0 {
		t.Fatal("nothing is on the shelf")
	}
	for _, parts := range []string{
		"\x05abc", "\x00\x05", "\x00\x05\xff\x7f", "\x00" + strings.Repeat("\xff", 11), "\x00\x05\x80",
	} {
		if got, err := s.Get(parts); err == nil {
			t.Errorf("%q is %q", parts, got)
		}
	}
}

// TestShelfOfMany: goroutines use a shelf together.
func TestShelfOfMany(t *testing.T) {
	s := New(1 << 14)
	var all sync.WaitGroup
	for seed := range uint64(4) {
		all.Go(func() {
			for _, text := range textsOf(rand.New(rand.NewPCG(seed, 4)), 200) {
				if got, err := s.Get(string(s.Put([]byte(text)))); err != nil || string(got) != text {
					t.Errorf("seed %d: %q, %v", seed, got, err)
				}
			}
		})
	}
	all.Wait()
}

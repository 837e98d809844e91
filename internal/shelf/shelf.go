// SPDX-License-Identifier: Apache-2.0

// Package shelf keeps texts of which most are alike in little memory.
//
//	s := shelf.New(512 << 10)
//	kept := s.Put(text)
//	text, err := s.Get(kept)
package shelf

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"sync"
)

// Shelf keeps texts of which most are alike, such as the specifications of Workspaces of one preset: each as the places
// on the shelf where its parts already stand, and the bytes between them. Of a text with much that is new, the new
// parts are put on the shelf for those that follow. What is there never changes, and a shelf does not grow beyond its
// limit. It is safe for concurrent use.
type Shelf struct {
	limit int // bytes

	mu     sync.Mutex
	text   []byte
	blocks []uint32 // by the hash of a block: its place, plus one
	full   bool
}

// New returns a Shelf for so many bytes, a power of two.
func New(limit int) *Shelf { return &Shelf{limit: limit} }

const (
	block     = 16 // bytes; a part that is found has at least so many
	longPart  = 64 // a part that goes on the shelf has at least so many: names and numbers do not
	newEnough = 8  // parts of a text go there if more than one byte in so many is new
)

// Full reports whether a text had to do without new parts on the shelf, for lack of room.
func (s *Shelf) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// Put returns what Get makes the text of again. It is a sequence of the length and the bytes of what is not on the
// shelf, and the length and the place of what follows on it.
func (s *Shelf) Put(text []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, fresh := s.parts(text, false)
	switch {
	case fresh*newEnough <= len(text):
	case len(s.text)+fresh > s.limit:
		s.full = true
	default:
		out, _ = s.parts(text, true)
	}
	return out
}

// parts finds the parts of a text on the shelf, and puts long ones there that are not if it is to be extended. fresh is
// the number of bytes that were not there.
func (s *Shelf) parts(text []byte, extend bool) (out []byte, fresh int) {
	place := func(length, at int) {
		out = binary.AppendUvarint(out, uint64(length))
		out = binary.AppendUvarint(out, uint64(at))
	}
	between := func(part []byte) {
		fresh += len(part)
		if extend && len(part) >= longPart && len(s.text)+len(part) <= s.limit {
			out = append(out, 0)
			place(len(part), s.extend(part))
			part = nil
		}
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	done := 0 // so much of the text is written
	for i := 0; i+block <= len(text) && s.blocks != nil; {
		at := int(s.blocks[s.slot(text[i:])]) - 1
		if at < 0 || string(s.text[at:at+block]) != string(text[i:i+block]) {
			i++
			continue
		}
		from, end := i, i+block
		for from > done && at > 0 && text[from-1] == s.text[at-1] {
			from, at = from-1, at-1
		}
		end += common(text[end:], s.text[at+end-from:])
		between(text[done:from])
		place(end-from, at)
		done, i = end, end
	}
	if done < len(text) {
		between(text[done:])
	}
	return out, fresh
}

// common returns how many bytes two texts have in common at their start.
func common(a, b []byte) int {
	n, most := 0, min(len(a), len(b))
	for n+8 <= most {
		if differs := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); differs != 0 {
			return n + bits.TrailingZeros64(differs)/8
		}
		n += 8
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// extend puts a part on the shelf, and returns its place. A block that is there already stays noted where it is.
func (s *Shelf) extend(part []byte) (place int) {
	if s.blocks == nil {
		s.blocks = make([]uint32, 2*s.limit/block)
	}
	place = len(s.text)
	s.text = append(s.text, part...)
	for at := (place + block - 1) / block * block; at+block <= len(s.text); at += block {
		if slot := &s.blocks[s.slot(s.text[at:])]; *slot == 0 {
			*slot = uint32(at) + 1
		}
	}
	return place
}

// slot returns where a block is noted.
func (s *Shelf) slot(text []byte) uint64 {
	const odd1, odd2 = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f
	a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
	h := (a*odd1 ^ bits.RotateLeft64(b*odd2, 31)) * odd1
	return h >> 32 & uint64(len(s.blocks)-1)
}

var errNotOfShelf = errors.New("it is no text of this shelf")

// Get returns the text of which Put has returned the parts. It is an error if those are of another shelf.
func (s *Shelf) Get(parts string) ([]byte, error) {
	s.mu.Lock()
	on := s.text
	s.mu.Unlock()
	size := 0
	if !pieces(parts, on, func(own string, shared []byte) { size += len(own) + len(shared) }) {
		return nil, errNotOfShelf
	}
	out := make([]byte, 0, size)
	pieces(parts, on, func(own string, shared []byte) { out = append(append(out, own...), shared...) })
	return out, nil
}

// pieces yields what a text consists of, in turn: what its parts hold, and what is on the shelf. It returns false for
// what are no parts.
func pieces(parts string, on []byte, yield func(own string, shared []byte)) bool {
	for len(parts) > 0 {
		n, rest := number(parts)
		if n < 0 || n > len(rest) {
			return false
		}
		own := rest[:n]
		if parts = rest[n:]; parts == "" {
			yield(own, nil)
			return true
		}
		n, parts = number(parts)
		at, rest := number(parts)
		if n < 0 || at < 0 || at+n > len(on) {
			return false
		}
		yield(own, on[at:at+n])
		parts = rest
	}
	return true
}

// number cuts a number off, as encoding/binary writes it; -1 for none.
func number(parts string) (n int, rest string) {
	out := uint64(0)
	for i := range min(len(parts), binary.MaxVarintLen32) {
		out |= uint64(parts[i]&0x7f) << (7 * i)
		if parts[i] < 0x80 && out <= 1<<31 {
			return int(out), parts[i+1:]
		}
	}
	return -1, ""
}

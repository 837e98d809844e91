// SPDX-License-Identifier: Apache-2.0

// Package packed keeps texts that are much like one another in little memory.
//
//	like := packed.Like(first)     // a text that others resemble
//	t := like.Pack(second)         // what of the second one is not in the first
//	t.Bytes()                      // the second one
//
// A text is kept as parts of the other one and what is new between them, so that a text which differs in a few names
// takes the room of these names.
package packed

import (
	"bytes"
	"encoding/binary"
	mathbits "math/bits"
)

// Model is a text that others resemble. It is safe for concurrent use, and never changes.
type Model struct {
	text *[]byte
	at   *index
}

// Text is a text that is kept as what differs from that of a Model. The zero value is no text.
type Text struct {
	model *[]byte
	parts string // see Pack
}

const (
	// window is how many bytes must be equal for a part of the Model to serve: a shorter part would take as much room as
	// its bytes.
	window = 8
	// bits is the size of an index, for texts of some 10 KB.
	bits = 13
)

// index has places in a text plus one, by the hash of what is there; 0 for none.
type index [1 << bits]int32

// Like returns a Model of this text.
func Like(text []byte) *Model {
	own := bytes.Clone(text)
	return &Model{&own, indexOf(own)}
}

func indexOf(text []byte) *index {
	var at index
	for i := len(text) - window; i >= 0; i-- { // of equal places, the first
		at[hash(text[i:])] = int32(i + 1) //nolint:gosec // texts are far shorter
	}
	return &at
}

// hash is that of the first bytes of a text.
func hash(b []byte) uint64 {
	return binary.LittleEndian.Uint64(b) * 0x9e3779b97f4a7c15 >> (64 - bits)
}

// Pack returns a text as what differs from the Model. The parts are, again and again, how many bytes are new, these
// bytes, how many bytes of the Model follow, and how far after the end of those before they begin.
func (m *Model) Pack(text []byte) Text {
	model := *m.text
	out := make([]byte, 0, 1024)
	fresh, next := 0, 0 // the first byte that is not kept yet; the end of the last part of the Model
	for i := 0; i+window <= len(text); {
		at, n := m.find(text[i:], next+i-fresh)
		if n < window {
			i++
			continue
		}
		for i > fresh && at > 0 && text[i-1] == model[at-1] {
			i, at, n = i-1, at-1, n+1
		}
		out = added(out, text[fresh:i])
		out = binary.AppendUvarint(out, uint64(n)) //nolint:gosec // not below 0
		out = binary.AppendVarint(out, int64(at-next))
		i, next = i+n, at+n
		fresh = i
	}
	return Text{m.text, string(added(out, text[fresh:]))}
}

// added returns parts with new bytes.
func added(parts, text []byte) []byte {
	return append(binary.AppendUvarint(parts, uint64(len(text))), text...)
}

// find returns a place in the Model with the bytes at the beginning of a text, and how many are equal. It looks first
// at the place that follows if as many bytes are new as the Model has in their place.
func (m *Model) find(text []byte, near int) (at, n int) {
	model := *m.text
	if near < len(model) {
		at, n = near, equal(model[near:], text)
	}
	if other := int(m.at[hash(text)]) - 1; n < window && other >= 0 {
		at, n = other, equal(model[other:], text)
	}
	return at, n
}

// equal returns how many bytes two texts have in common at their beginning.
func equal(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if d := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); d != 0 {
			return i + mathbits.TrailingZeros64(d)/8
		}
	}
	for ; i < n && a[i] == b[i]; i++ {
	}
	return i
}

// Empty reports whether there is no text.
func (t Text) Empty() bool { return t.model == nil }

// Len is how many bytes the text takes, beside the Model.
func (t Text) Len() int { return len(t.parts) }

// Pack returns another text as what differs from the Model of this one.
func (t Text) Pack(text []byte) Text {
	m := Model{t.model, indexOf(*t.model)}
	return m.Pack(text)
}

// Bytes returns the text.
func (t Text) Bytes() []byte {
	if t.model == nil {
		return nil
	}
	var out []byte
	parts, next := []byte(t.parts), 0
	for {
		n, size := binary.Uvarint(parts)
		end := size + int(n) //nolint:gosec // Pack wrote it
		out = append(out, parts[size:end]...)
		if parts = parts[end:]; len(parts) == 0 {
			return out
		}
		n, size = binary.Uvarint(parts)
		skip, more := binary.Varint(parts[size:])
		parts = parts[size+more:]
		at := next + int(skip)
		next = at + int(n) //nolint:gosec // Pack wrote it
		out = append(out, (*t.model)[at:next]...)
	}
}

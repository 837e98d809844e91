// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"math/bits"
)

// texts has one copy of short texts that occur again and again, such as the names of fields. A place has one text, and
// the next one for this place takes it over.
type texts [1 << textsBits]shared

const (
	textsBits = 11
	maxText   = 64
)

// shared is a text, also as an interface value, which would be another allocation.
type shared struct {
	text  string
	boxed any
}

func (t *texts) of(raw []byte) *shared {
	s := &t[hash(raw)]
	if s.text != string(raw) || s.boxed == nil {
		s.text = string(raw)
		s.boxed = s.text
	}
	return s
}

func (t *texts) text(raw []byte) string {
	if len(raw) > maxText {
		return string(raw)
	}
	return t.of(raw).text
}

func (t *texts) boxed(raw []byte) any {
	if len(raw) > maxText {
		return string(raw)
	}
	return t.of(raw).boxed
}

// hash returns a place, from the length, the first and the last bytes.
func hash(raw []byte) uint64 {
	var first, last uint64
	switch n := len(raw); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(raw)), uint64(binary.LittleEndian.Uint32(raw[n-4:]))
	case n > 0:
		first, last = uint64(raw[0])<<8|uint64(raw[n/2]), uint64(raw[n-1])
	}
	const odd = 0x9e3779b97f4a7c15
	h := (first ^ bits.RotateLeft64(last, 29) ^ uint64(len(raw))<<56) * odd
	return h >> (64 - textsBits)
}

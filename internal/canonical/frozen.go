// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"reflect"
	"sync/atomic"
)

// frozen is a value that never changes, with its text. It holds the value, so that no other one gets its address.
type frozen struct {
	at   uintptr
	size int
	of   any
	text []byte
}

// The recent frozen values, each in its place, which the next one for this place takes over.
const frozenBits = 9

var frozens [1 << frozenBits]atomic.Pointer[frozen]

// Freeze notes that an object or a list never changes any more. Many objects have it in common: from now on Append
// copies its text. A value that can be no JSON is not frozen, and nor is an empty one.
func Freeze(v any) {
	at, size := identity(v)
	if size == 0 {
		return
	}
	place := &frozens[placeOf(at)]
	if known := place.Load(); known.is(at, size) {
		return
	}
	if text, err := Append(nil, v); err == nil {
		place.Store(&frozen{at, size, v, text})
	}
}

// identity returns the address of an object or a list, and its size; 0 for any other value.
func identity(v any) (at uintptr, size int) {
	switch of := v.(type) {
	case map[string]any:
		size = len(of)
	case []any:
		size = len(of)
	}
	if size > 0 {
		at = reflect.ValueOf(v).Pointer()
	}
	return at, size
}

func placeOf(at uintptr) uint64 { return uint64(at) >> 4 * 0x9e3779b97f4a7c15 >> (64 - frozenBits) }

func (f *frozen) is(at uintptr, size int) bool { return f != nil && f.at == at && f.size == size }

// textOf returns the text of a frozen value, or nil.
func textOf(v any) []byte {
	at, size := identity(v)
	if size == 0 {
		return nil
	}
	if known := frozens[placeOf(at)].Load(); known.is(at, size) {
		return known.text
	}
	return nil
}

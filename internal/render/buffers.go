// SPDX-License-Identifier: Apache-2.0

package render

import "sync"

// buffers are idle ones for texts. The zero value is ready, and safe for concurrent use.
type buffers struct{ pool sync.Pool }

// idle are for overlays and for objects in canonical form.
var idle buffers

// get returns an empty text with room.
func (b *buffers) get() []byte {
	if text, ok := b.pool.Get().(*[]byte); ok {
		return (*text)[:0]
	}
	return make([]byte, 0, 16<<10)
}

// put takes a text back to which nothing refers any more. A very large one is left to the garbage collector.
func (b *buffers) put(text []byte) {
	if cap(text) > 0 && cap(text) <= 256<<10 {
		b.pool.Put(&text)
	}
}

// SPDX-License-Identifier: Apache-2.0

package canonical

import "sync"

// buffers are idle ones, by address.
var buffers = sync.Pool{New: func() any {
	text := make([]byte, 0, 16<<10)
	return &text
}}

// Buffer returns an empty text with room for objects in canonical form.
func Buffer() []byte {
	text, _ := buffers.Get().(*[]byte)
	return (*text)[:0]
}

// Release takes a text back to which nothing refers any more. A very large one is left to the garbage collector.
func Release(text []byte) {
	if cap(text) > 0 && cap(text) <= 256<<10 {
		buffers.Put(&text)
	}
}

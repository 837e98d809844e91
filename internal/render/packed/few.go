// SPDX-License-Identifier: Apache-2.0

package packed

import "sync"

// most bounds the number of values in a Few.
const most = 64

// Few keeps values of which there are few. The zero value is empty, and safe for concurrent use.
type Few[V any] struct {
	mu     sync.Mutex
	values map[string]V
}

// Get returns the value of a key, and makes it if it is missing. If there are many after all, it forgets the others.
func (f *Few[V]) Get(key string, create func() V) V {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, known := f.values[key]
	if !known {
		if f.values == nil || len(f.values) >= most {
			f.values = map[string]V{}
		}
		v = create()
		f.values[key] = v
	}
	return v
}

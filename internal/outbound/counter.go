// SPDX-License-Identifier: Apache-2.0

package outbound

import (
	"maps"
	"sync"
)

// Counter counts requests by kind, such as their HTTP method. It counts attempts: promhttp's instrumentation of clients
// counts only requests that are answered, so that a server that is down would look like one that gets no requests.
// Adapters count, and internal/app publishes the counts as metrics. The zero value is ready, and safe for concurrent
// use.
type Counter struct {
	mu   sync.Mutex
	seen map[string]int64
}

// Add counts one request of a kind.
func (c *Counter) Add(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]int64{}
	}
	c.seen[kind]++
}

// Counts returns a copy of the number of requests so far, by kind.
func (c *Counter) Counts() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string]int64, len(c.seen))
	maps.Copy(out, c.seen)
	return out
}

// SPDX-License-Identifier: Apache-2.0

package outbound

import (
	"maps"
	"sync"
	"testing"
)

// TestCounter counts from several goroutines; what Counts has returned does not change any more.
func TestCounter(t *testing.T) {
	var c Counter
	before := c.Counts()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.Add("GET")
			c.Add("WATCH")
			_ = c.Counts()
		})
	}
	wg.Wait()
	if want := map[string]int64{"GET": 50, "WATCH": 50}; !maps.Equal(c.Counts(), want) || len(before) != 0 {
		t.Errorf("counts %v, before %v, want %v", c.Counts(), before, want)
	}
}

// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"os"
	"runtime/debug"
)

// collectAt is the growth of the heap, in percent, after which a command that compares two commits collects garbage.
// heapTarget is the size above which it collects more often. A comparison is short, and makes much garbage beside what
// it keeps: by default it takes more memory, and less time. What a large repository needs, it gets.
const (
	collectAt  = 50
	heapTarget = 140 << 20
)

// SmallHeap makes the process keep its heap small until the function that it returns is called, unless the environment
// says otherwise. Large plans need as much to be printed as to be made, so that a command waits for that as well.
func SmallHeap() func() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	percent, limit := debug.SetGCPercent(collectAt), debug.SetMemoryLimit(heapTarget)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

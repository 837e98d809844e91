// SPDX-License-Identifier: Apache-2.0

package executor

// limiter bounds the pool operations that are in flight at once. AKS accepts operations on different pools of a cluster
// side by side, but they race on shared networks. So the limit starts at one, grows by one after every three successful
// operations up to maxInFlight, and falls back to one when operations contend. Missing quota or capacity says nothing
// about concurrency and leaves the limit alone.
type limiter struct {
	limit int
	inRow int // successful operations in a row, since the limit last changed
}

const (
	maxInFlight = 3
	growAfter   = 3
)

func newLimiter() limiter { return limiter{limit: 1} }

// succeeded counts a successful operation.
func (l *limiter) succeeded() {
	if l.inRow++; l.inRow >= growAfter && l.limit < maxInFlight {
		l.limit, l.inRow = l.limit+1, 0
	}
}

// contended resets the limit after operations contended.
func (l *limiter) contended() { l.limit, l.inRow = 1, 0 }

package execute

// limiter bounds the pool operations that are in flight at once. Operations on different pools of a cluster are accepted
// side by side but race on shared networks, so it starts with one, grows by one after every three that have ended well, up to
// maxInFlight, and falls back to one when operations got in each other's way. That Azure has no quota or no capacity has
// nothing to do with how many are in flight.
type limiter struct {
	limit int
	ended int // well, in a row
}

const (
	maxInFlight = 3
	growAfter   = 3
)

func newLimiter() limiter { return limiter{limit: 1} }

// clean takes note of an operation that has ended well.
func (l *limiter) clean() {
	if l.ended++; l.ended >= growAfter && l.limit < maxInFlight {
		l.limit, l.ended = l.limit+1, 0
	}
}

// contended takes note of operations that got in each other's way.
func (l *limiter) contended() { l.limit, l.ended = 1, 0 }

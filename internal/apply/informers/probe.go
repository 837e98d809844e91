// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"sync"
	"time"
)

// probe finds out whether the API server answers, beside the passes, so that a pass that has nothing to do sends no
// request. It asks for the server's version now and then, and at once when a watch goes down: a watch ends with its
// connection, but one that hangs is not noticed for some 45 seconds, which is how long HTTP/2 waits for an answer to a
// ping.
type probe struct {
	hints chan struct{}

	mu  sync.Mutex
	err error // of the last probe; nil: it answered, or was not asked yet
}

// How often a server is probed that answers, and one that does not. Both are ours.
const (
	probeEvery     = 15 * time.Second
	probeEveryDown = time.Second
)

func newProbe() *probe { return &probe{hints: make(chan struct{}, 1)} }

// run probes by contact until ctx is done. It calls changed when the server goes away or comes back.
func (p *probe) run(ctx context.Context, contact func(context.Context) error, changed func()) {
	wait := probeEvery
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.hints:
			timer.Stop()
		case <-timer.C:
		}
		err := contact(ctx)
		if ctx.Err() != nil {
			return
		}
		if wait = probeEvery; err != nil {
			wait = probeEveryDown
		}
		if p.set(err) {
			changed()
		}
	}
}

// set keeps the result of a probe, and reports whether the server has gone away or come back.
func (p *probe) set(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := (p.err == nil) != (err == nil)
	p.err = err
	return changed
}

// last returns why the server did not answer the last probe, or nil.
func (p *probe) last() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// hint has the server probed soon.
func (p *probe) hint() {
	select {
	case p.hints <- struct{}{}:
	default:
	}
}

// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pause is the least time between two hints of one kind. Each costs the forge a request.
const pause = time.Second

// hints passes each kind of event on at most once in a pause, and loses none: what comes too early is passed on, once,
// when the pause ends.
type hints struct {
	next func(Event)

	mu      sync.Mutex
	limit   map[Event]*rate.Limiter
	waiting map[Event]bool
}

func newHints(next func(Event)) *hints {
	return &hints{next: next, limit: map[Event]*rate.Limiter{}, waiting: map[Event]bool{}}
}

func (h *hints) add(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[e] {
		return
	}
	if h.limit[e] == nil {
		h.limit[e] = rate.NewLimiter(rate.Every(pause), 1)
	}
	delay := h.limit[e].Reserve().Delay()
	if delay == 0 {
		h.next(e)
		return
	}
	h.waiting[e] = true
	time.AfterFunc(delay, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.waiting[e] = false
		h.next(e)
	})
}

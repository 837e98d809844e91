// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"sync"
)

// Holder keeps the shards of this process, which elections give and take at any time, and hands them to passes, which
// see the same ones from beginning to end. It is safe for concurrent use.
type Holder struct {
	mu      sync.Mutex
	share   Share
	pass    chan struct{} // is closed when the pass under way ends; nil between passes
	changed chan struct{}
}

// NewHolder returns a Holder of no shard of n.
func NewHolder(n int) *Holder {
	return &Holder{share: Share{shards: n}, changed: make(chan struct{}, 1)}
}

// Hold has a shard until ctx is done. It returns when no pass is under way that has the shard, so that the lease may be
// given back then.
func (h *Holder) Hold(ctx context.Context, shard int) {
	h.set(shard, true)
	<-ctx.Done()
	if pass := h.set(shard, false); pass != nil {
		<-pass
	}
}

// set adds or removes a shard, and returns the end of the pass under way.
func (h *Holder) set(shard int, held bool) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.share = h.share.with(shard, held)
	select {
	case h.changed <- struct{}{}:
	default:
	}
	return h.pass
}

// Begin begins a pass, and returns what it may write. The caller calls end when the pass has ended; there is one pass
// at a time.
func (h *Holder) Begin() (share Share, end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	pass := make(chan struct{})
	h.pass = pass
	return h.share, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.pass = nil
		close(pass)
	}
}

// Share returns the present shards.
func (h *Holder) Share() Share {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.share
}

// Changed gets a signal after the shards have changed.
func (h *Holder) Changed() <-chan struct{} { return h.changed }

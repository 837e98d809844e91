// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"

	"syncer.dev/syncer/internal/capacity"
)

// poolsSeen is what a pass knows of the pools in addition to their list.
type poolsSeen struct {
	quota    capacity.Quota
	quotaErr error
}

// lookAtPools has the executor look at the list of pools and at the nodes, in every pass: deadlines depend on the time.
func (l *Loop) lookAtPools(ctx context.Context, p *pass) {
	l.pools.Complete(l.follows.Complete.At(p.now))
	ready, joined := l.nodes.Of(p.state)
	l.pools.Joined(joined)
	l.pools.Observe(l.listed, ready, p.now)
	p.seen.quota, p.seen.quotaErr = l.pools.Quota(ctx, p.now)
}

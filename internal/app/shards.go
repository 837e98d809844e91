// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"sync"

	"syncer.dev/syncer/internal/reconcile"
)

// runShards runs the loop until ctx is done or stop accepts an outcome, with the elections beside it. Each pass plans
// the whole cluster, and writes the part that this process has then. The reviewer belongs to the fleet.
func (m *member) runShards(
	ctx context.Context,
	loop *reconcile.Loop,
	events reconcile.Events,
	stop func(reconcile.Outcome) bool,
) reconcile.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() { m.shards.Run(ctx, m.reviews.run) })
	beside.Go(func() { forward(ctx, m.shards.Holder.Changed(), m.hints) })
	return loop.Run(ctx, events, func(o reconcile.Outcome) bool {
		share, nothing := m.shards.Holder.Share(), ""
		if share.Fleet() {
			m.reviews.passed(o)
		}
		if share.Empty() {
			nothing = "this replica carries out nothing (" + m.shards.Role() + ")"
		}
		m.passed(o, nothing)
		return stop(o)
	})
}

// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// poolsSeen is what a pass knows of the pools in addition to their list.
type poolsSeen struct {
	quota    capacity.Quota
	quotaErr error
}

// lookAtPools has the executor look at the list of pools and at the nodes, in every pass: deadlines depend on the time.
func (l *Loop) lookAtPools(ctx context.Context, p *pass) {
	l.pools.Complete(l.follows.complete.At(p.now))
	ready, joined := l.nodes.count(p.state)
	l.pools.Joined(joined)
	l.pools.Observe(l.listed, ready, p.now)
	p.seen.quota, p.seen.quotaErr = l.pools.Quota(ctx, p.now)
}

// nodeCounts counts the nodes of each pool, once for each version of the State.
type nodeCounts struct {
	version       uint64
	ready, joined map[string]int
}

func (c *nodeCounts) count(s cluster.State) (ready, joined map[string]int) {
	if s.Version != 0 && s.Version == c.version {
		return c.ready, c.joined
	}
	c.version, c.ready, c.joined = s.Version, map[string]int{}, map[string]int{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		c.joined[n.Pool]++
		if n.Ready && n.GPUs > 0 {
			c.ready[n.Pool]++
		}
	}
	return c.ready, c.joined
}

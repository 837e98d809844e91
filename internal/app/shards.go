// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/shard"
)

// candidates stand for this process in the elections of all shards.
type candidates struct {
	holder   *shard.Holder
	leases   []*lease.Lease // by shard
	identity string
	interval time.Duration // between two wishes for a shard of another process
	log      *slog.Logger
}

func newCandidates(c config.Config, p *Parts, log *slog.Logger) (*candidates, error) {
	p.holder = shard.NewHolder(c.Lease.Shards)
	// Two wishes are as far apart as a shard needs at most to change hands: the other one's renewal, and a pass.
	out := &candidates{holder: p.holder, identity: lease.NewIdentity(), interval: 4 * c.Lease.Retry, log: log}
	for i := range c.Lease.Shards {
		l, err := p.Cluster.Elect(leaseOptions(c, i, out.identity, out.yields), p.fences.Of(i), log.With("shard", i))
		if err != nil {
			return nil, err
		}
		out.leases = append(out.leases, l)
	}
	return out, nil
}

// holders are those of all shards, as this process knows them.
func (c *candidates) holders() []string {
	out := make([]string, len(c.leases))
	for i, l := range c.leases {
		out[i] = l.Holder()
	}
	return out
}

// yields decides whether another process gets a shard of this one.
func (c *candidates) yields(other string) bool { return shard.Yields(c.holders(), c.identity, other) }

// balance asks for shards of processes that have more, until ctx is done.
func (c *candidates) balance(ctx context.Context) {
	for clock.Sleep(ctx, c.interval/2+rand.N(c.interval)) == nil {
		i, ok := shard.Wanted(c.holders(), c.identity, rand.IntN)
		if !ok {
			continue
		}
		if err := c.leases[i].Ask(ctx); err != nil {
			c.log.Debug("a shard is not asked for", "shard", i, "error", err) // another one has, or it has moved
		}
	}
}

// Leads reports whether this process writes what the shards have in common.
func (c *candidates) Leads() bool { return c.leases[shard.Fleet].Leads() }

// held lists the shards, and whether this process writes each.
func (c *candidates) held() []bool {
	out := make([]bool, len(c.leases))
	for i, l := range c.leases {
		out[i] = l.Leads()
	}
	return out
}

// Role says in words which shards this process has, and who has the others.
func (c *candidates) Role() string {
	var own []int
	others := map[string][]int{}
	var roles []string // in the order of their first shards
	for i, l := range c.leases {
		if l.Leads() {
			own = append(own, i)
			continue
		}
		role := l.Role()
		if others[role] == nil {
			roles = append(roles, role)
		}
		others[role] = append(others[role], i)
	}
	text := []string{"holds " + shard.NewShare(len(c.leases), own...).String()}
	for _, role := range roles {
		text = append(text, fmt.Sprintf("%s: %s", shard.NewShare(len(c.leases), others[role]...), role))
	}
	return strings.Join(text, "; ")
}

// run stands for election until ctx is done. The process gives each shard back when no pass that has it is under way.
// fleet runs as long as the process has the shard of the fleet.
func (c *candidates) run(ctx context.Context, fleet func(context.Context)) {
	var all sync.WaitGroup
	for i, l := range c.leases {
		all.Go(func() {
			l.Run(ctx, lease.Phases{
				Follow: func(ctx context.Context) { <-ctx.Done() },
				Lead: func(ctx context.Context) {
					var beside sync.WaitGroup
					if i == shard.Fleet {
						beside.Go(func() { fleet(ctx) })
					}
					c.holder.Hold(ctx, i)
					beside.Wait()
				},
			})
		})
	}
	all.Go(func() { c.balance(ctx) })
	all.Wait()
}

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
	beside.Go(func() { m.shards.run(ctx, m.reviews.run) })
	beside.Go(func() { forward(ctx, m.shards.holder.Changed(), m.hints) })
	return loop.Run(ctx, events, func(o reconcile.Outcome) bool {
		share, nothing := m.shards.holder.Share(), ""
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

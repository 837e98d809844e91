// SPDX-License-Identifier: Apache-2.0

// Package elections stands for this process in the elections that the configuration wants: one, or one for each shard.
package elections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/shard"
)

// Cluster makes candidates. It sends no request.
type Cluster interface {
	InCluster() bool
	Elect(o lease.Options, f *fence.Fence, log *slog.Logger) (*lease.Lease, error)
}

// Stand prepares the elections that the configuration wants: none, one, or those of several shards. told is called when
// another process has told this one, which leads, of a change.
func Stand(
	c config.Config, cluster Cluster, fences *shard.Fences, log *slog.Logger, told func(),
) (one *lease.Lease, shards *Candidates, err error) {
	switch {
	case c.Lease.Enabled == config.LeaseNever, c.Lease.Enabled == config.LeaseAuto && !cluster.InCluster():
	case c.Lease.Shards > 1:
		shards, err = divided(c, cluster, fences, log, told)
	default:
		o := options(c, shard.Fleet, lease.NewIdentity(), nil, told)
		one, err = cluster.Elect(o, fences.Of(shard.Fleet), log)
	}
	return one, shards, err
}

// options are those of the candidate for a shard, or for all of a cluster without shards.
func options(
	c config.Config, shard int, identity string, yield func(other string) bool, told func(),
) lease.Options {
	l := c.Lease
	return lease.Options{
		Namespace:     l.Namespace,
		Name:          l.NameFor(c.Cluster, shard),
		Identity:      identity,
		Duration:      l.Duration,
		RenewDeadline: l.RenewDeadline,
		Retry:         l.Retry,
		Yield:         yield,
		Told:          told,
	}
}

// Candidates stand for this process in the elections of all shards.
type Candidates struct {
	Holder   *shard.Holder  // the shards of this process
	leases   []*lease.Lease // by shard
	identity string
	interval time.Duration // between two questions for a shard of another process: until then it has changed hands
	log      *slog.Logger
}

// divided returns the candidates for the shards that the configuration wants.
func divided(
	c config.Config, cluster Cluster, fences *shard.Fences, log *slog.Logger, told func(),
) (*Candidates, error) {
	out := &Candidates{
		Holder: shard.NewHolder(c.Lease.Shards), identity: lease.NewIdentity(), interval: 4 * c.Lease.Retry, log: log,
	}
	for i := range c.Lease.Shards {
		l, err := cluster.Elect(options(c, i, out.identity, out.yields, told), fences.Of(i), log.With("shard", i))
		if err != nil {
			return nil, err
		}
		out.leases = append(out.leases, l)
	}
	return out, nil
}

// holders are those of all shards, as this process knows them.
func (c *Candidates) holders() []string {
	out := make([]string, len(c.leases))
	for i, l := range c.leases {
		out[i] = l.Holder()
	}
	return out
}

// yields decides whether another process gets a shard of this one.
func (c *Candidates) yields(other string) bool { return shard.Yields(c.holders(), c.identity, other) }

// balance asks for shards of processes that have more, until ctx is done.
func (c *Candidates) balance(ctx context.Context) {
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

// Tell lets the other processes that have shards know that this one has heard of a change: each by one Lease.
func (c *Candidates) Tell(ctx context.Context) error {
	told := map[string]bool{}
	var errs []error
	for i, holder := range c.holders() {
		if told[holder] {
			continue
		}
		told[holder] = true
		errs = append(errs, c.leases[i].Tell(ctx))
	}
	return errors.Join(errs...)
}

// Leads reports whether this process writes what the shards have in common.
func (c *Candidates) Leads() bool { return c.leases[shard.Fleet].Leads() }

// Leader returns the identity of the process that writes what the shards have in common; "" if none is known.
func (c *Candidates) Leader() string { return c.leases[shard.Fleet].Holder() }

// Held lists the shards, and whether this process writes each.
func (c *Candidates) Held() []bool {
	out := make([]bool, len(c.leases))
	for i, l := range c.leases {
		out[i] = l.Leads()
	}
	return out
}

// Role says in words which shards this process has, and who has the others.
func (c *Candidates) Role() string {
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

// Run stands for election until ctx is done. The process gives each shard back when no pass that has it is under way.
// fleet runs as long as the process has the shard of the fleet.
func (c *Candidates) Run(ctx context.Context, fleet func(context.Context)) {
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
					c.Holder.Hold(ctx, i)
					beside.Wait()
				},
			})
		})
	}
	all.Go(func() { c.balance(ctx) })
	all.Wait()
}

// Beside runs a loop until it ends, with the elections beside it. Each pass plans the whole cluster, and writes the
// part that this process has then; due gets a signal when that has changed. fleet is that of Run.
func (c *Candidates) Beside(
	ctx context.Context,
	fleet func(context.Context),
	due chan<- struct{},
	loop func(context.Context) reconcile.Outcome,
) reconcile.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	beside.Go(func() { c.Run(ctx, fleet) })
	beside.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.Holder.Changed():
			}
			select {
			case due <- struct{}{}:
			default: // a pass is due already
			}
		}
	})
	return loop(ctx)
}

// Nothing says why this process carries out nothing; "" if it has a shard.
func (c *Candidates) Nothing() string {
	if c.Holder.Share().Empty() {
		return "this replica carries out nothing (" + c.Role() + ")"
	}
	return ""
}

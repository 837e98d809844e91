// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
)

// poolsSeen is what a pass knows of the pools in addition to their list.
type poolsSeen struct {
	quota    capacity.Quota
	quotaErr error
}

// lookAtPools has the executor look at the list of pools and at the nodes, in every pass: deadlines depend on the time.
func (l *Loop) lookAtPools(ctx context.Context, p *pass) {
	l.pools.Complete(l.complete.at(p.now))
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

// completePools are the last times at which the nodes of pools were complete, by the reports: now if they still are,
// and otherwise the time of the transition.
type completePools struct {
	still map[string]bool      // they still are
	until map[string]time.Time // they were
}

// at returns the last time at which the nodes of each pool were complete.
func (c completePools) at(now time.Time) map[string]time.Time {
	out := make(map[string]time.Time, len(c.still)+len(c.until))
	for name, at := range c.until {
		out[name] = at
	}
	for name := range c.still {
		out[name] = now
	}
	return out
}

// completeIn reads reports.
func completeIn(reports []status.Report) completePools {
	out := completePools{map[string]bool{}, map[string]time.Time{}}
	for i := range reports {
		r := &reports[i]
		for _, c := range r.Conditions {
			if c.Type != status.ResourceReady {
				continue
			}
			for _, pool := range r.Pools {
				// A moving Workspace is ready on its old pool, and its report does not cover the new one.
				on := func(node string) bool { return strings.Contains(node, "-"+pool.Name+"-") }
				switch {
				case c.Status != "True":
					if c.LastTransitionTime.After(out.until[pool.Name]) {
						out.until[pool.Name] = c.LastTransitionTime
					}
				case slices.ContainsFunc(r.WorkerNodes, on):
					out.still[pool.Name] = true
				}
			}
		}
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"

	"syncer.dev/syncer/internal/cluster"
)

// Observe returns all live objects that are ours. It returns an error rather than a part of them, because a caller
// takes a missing object for deleted. It sends no request once all objects are listed, and makes only those parts of
// the State again that have changed. The State is shared, and never changes.
func (c *Cluster) Observe(ctx context.Context) (cluster.State, error) {
	if err := c.watches.Synced(); err != nil {
		if away := c.contact(ctx); away != nil { // it says more than that nothing is listed
			return cluster.State{}, away
		}
		return cluster.State{}, &UnreachableError{URL: c.config.Host, err: err}
	}
	if err := c.watches.Answers(); err != nil {
		return cluster.State{}, err
	}
	return c.watches.State(c.contests.All())
}

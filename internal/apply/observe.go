// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

// containsField reports whether a managed field set names a label.
func containsField(raw []byte, label string) bool {
	return bytes.Contains(raw, []byte(`"f:`+label+`"`))
}

// Observe returns all live objects that are ours. It returns an error rather than a part of them, because a caller
// takes a missing object for deleted. It sends no request once all objects are listed, and makes only those parts of
// the State again that have changed. The State is shared, and never changes.
func (c *Cluster) Observe(ctx context.Context) (cluster.State, error) {
	if err := c.watches.synced(); err != nil {
		if away := c.contact(ctx); away != nil { // it says more than that nothing is listed
			return cluster.State{}, away
		}
		return cluster.State{}, &UnreachableError{URL: c.config.Host, err: err}
	}
	if err := c.watches.probe.last(); err != nil {
		return cluster.State{}, err
	}
	x := mirror.Extras{Contests: c.contests.All(), Taken: func(*cluster.Node) {}}
	if l := c.watches.optionalKind(podKind); l != nil && l.within(c.watches.patience) {
		x.Foreign, x.AllPods, x.Taken = true, l.listed(), l.taken
	}
	return c.watches.view.State(x)
}

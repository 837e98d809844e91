// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"fmt"

	"syncer.dev/syncer/internal/fence"
)

// Fences are the fences of all shards. A process without elections may write everything.
type Fences struct{ all []*fence.Fence }

// NewFences returns the fences of n shards, all open until an election requires a lease.
func NewFences(n int) *Fences {
	f := &Fences{}
	for range max(n, 1) {
		f.all = append(f.all, &fence.Fence{})
	}
	return f
}

// Count returns the number of shards; 0 for no fences.
func (f *Fences) Count() int {
	if f == nil {
		return 0
	}
	return len(f.all)
}

// Of returns the fence of a shard.
func (f *Fences) Of(shard int) *fence.Fence { return f.all[shard] }

// MayWrite returns nil if a write to a namespace may begin now, and otherwise an error that wraps fence.ErrNotLeader.
// The lease of the namespace's shard decides, and within AsFleet that of Fleet. No fences permit all.
func (f *Fences) MayWrite(ctx context.Context, namespace string) error {
	if f == nil {
		return nil
	}
	shard := Of(namespace, len(f.all))
	if ctx.Value(fleetKey{}) != nil {
		shard = Fleet
	}
	return f.all[shard].MayWrite()
}

// Writes returns the function that says whether a write may begin now that is about all shards of a Share: nil, or an
// error that wraps fence.ErrNotLeader. No fences permit all.
func (f *Fences) Writes(s Share) func() error {
	if f == nil {
		return nil
	}
	return func() error {
		for i, one := range f.all {
			if !s.Holds(i) {
				continue
			}
			if err := one.MayWrite(); err != nil && len(f.all) > 1 {
				return fmt.Errorf("shard %d: %w", i, err)
			} else if err != nil {
				return err
			}
		}
		return nil
	}
}

type fleetKey struct{}

// AsFleet returns a context whose requests the holder of Fleet sends, for that reason: restarts of servers in
// any namespace.
func AsFleet(ctx context.Context) context.Context { return context.WithValue(ctx, fleetKey{}, true) }

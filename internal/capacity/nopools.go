// SPDX-License-Identifier: Apache-2.0

package capacity

import "context"

// NoPools is the Cloud of a cluster whose nodes are not in agent pools: it has no pool and no quota, and always
// answers. No plan for such a cluster holds a change to write.
type NoPools struct{}

var _ Cloud = NoPools{}

// Pools returns none.
func (NoPools) Pools(context.Context) ([]LivePool, error) { return nil, nil }

// Ensure refuses: there is no pool of ours.
func (NoPools) Ensure(context.Context, PoolChange) error { return ErrNotOwned }

// Delete refuses: there is no pool of ours.
func (NoPools) Delete(context.Context, PoolChange) error { return ErrNotOwned }

// Abort refuses: there is no pool of ours.
func (NoPools) Abort(context.Context, PoolChange) error { return ErrNotOwned }

// Quota returns an unknown quota: nothing asks for it.
func (NoPools) Quota(context.Context) (Quota, error) { return Quota{}, nil }

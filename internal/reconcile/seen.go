// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
)

// Seen is what a pass has observed, for those who show it. Nothing in it changes any more.
type Seen struct {
	State       cluster.State
	Pools       []capacity.LivePool
	Quota       capacity.Quota
	QuotaErr    error
	Unavailable []unavailable.Entry
}

func (l *Loop) seen(p *pass) Seen {
	return Seen{
		State:       p.state,
		Pools:       l.listed,
		Quota:       p.seen.quota,
		QuotaErr:    p.seen.quotaErr,
		Unavailable: l.pools.Unavailable().Entries,
	}
}

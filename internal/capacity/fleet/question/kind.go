// SPDX-License-Identifier: Apache-2.0

package question

import "syncer.dev/syncer/internal/capacity"

// Kind tells Workloads with other settings or another Demand apart. Two Demands with the same options, by address, are
// equal: many Workspaces serve one model in one way.
type Kind struct {
	options, shares         *capacity.Option
	optionCount, shareCount int
	shared, automatic, spot bool
	osSKU                   string
	diskGiB                 int
}

// Kind returns that of a Workload.
func (n *Workload) Kind() Kind {
	k := Kind{
		optionCount: len(n.Demand.Options),
		shareCount:  len(n.Demand.Shares),
		shared:      n.Shared,
		automatic:   n.Automatic,
		spot:        n.Spot,
		osSKU:       n.OSSKU,
		diskGiB:     n.DiskGiB,
	}
	if k.optionCount > 0 {
		k.options = &n.Demand.Options[0]
	}
	if k.shareCount > 0 {
		k.shares = &n.Demand.Shares[0]
	}
	return k
}

// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Refused holds nodes that only Workspaces with a refused object would use: an object that a webhook refuses costs
// no GPU. It does not hold nodes that other Workspaces need as well, and existing nodes stay.
func Refused(changes []capacity.PoolChange, d desired.Desired, refused map[workspace.Key]string) {
	why := make(map[workspace.Key]string, len(refused))
	for k, text := range refused {
		why[k] = fmt.Sprintf("the API server refuses %s of %s", text, k)
	}
	Nodes(changes, d, why)
}

// Nodes holds nodes that only Workspaces with a reason would use.
func Nodes(changes []capacity.PoolChange, d desired.Desired, reasons map[workspace.Key]string) {
	if len(reasons) == 0 {
		return
	}
	for i := range changes {
		c := &changes[i]
		if c.NewNodes() == 0 {
			continue
		}
		live := c.Desired.Count - c.NewNodes()
		var accepted []capacity.Option
		why := ""
		for j := range d.Workloads {
			w := d.Workloads[j]
			if w.Binding.Pool != c.Name && w.Binding.Next != c.Name {
				continue
			}
			if text, no := reasons[w.Key]; no {
				why = cmp.Or(why, text)
			} else if o := w.Binding.Option; o != nil && !w.Finished && !w.Workspace.Suspended() {
				accepted = append(accepted, *o)
			}
		}
		if why == "" {
			continue
		}
		count := min(c.Desired.Count, max(live, nodesFor(accepted, c.Desired.SKU)))
		if count == live {
			c.Op, c.Reason = capacity.Wait, why
			continue
		}
		fewer := c.Desired.Scaled(count)
		c.Desired = &fewer
	}
}

// Unknown holds new nodes whose quota is unknown.
func Unknown(changes []capacity.PoolChange, short []pools.QuotaExceeded) {
	for i := range changes {
		c := &changes[i]
		for _, s := range short {
			if !s.Limit.Known && c.NewNodes() > 0 && slices.Contains(s.Pools, c.Name) {
				c.Op, c.Reason = capacity.Wait, "policy.unknownQuota is fail: "+s.String()
			}
		}
	}
}

// nodesFor returns the number of nodes of a size that hold all options, placing the large ones first.
func nodesFor(options []capacity.Option, sku capacity.SKU) int {
	var parts []int
	for _, o := range options {
		for range o.Nodes {
			parts = append(parts, o.GPUsPerNode)
		}
	}
	slices.SortFunc(parts, func(a, b int) int { return cmp.Compare(b, a) })
	var free []int // GPUs of each node
	for _, gpus := range parts {
		i := slices.IndexFunc(free, func(left int) bool { return gpus > 0 && left >= gpus })
		if i < 0 {
			free, i = append(free, sku.GPUs), len(free)
		}
		free[i] -= gpus
	}
	return len(free)
}

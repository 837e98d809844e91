// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// refusals returns the Workspaces with an object that the API server refuses, and its error.
func refusals(previews []cluster.Preview, objects []desired.Object) map[workspace.Key]string {
	out := map[workspace.Key]string{}
	for i, p := range previews {
		if k := objects[i].Workspace; p.Err != nil && out[k] == "" {
			out[k] = fmt.Sprintf("%s: %v", p.Ref, p.Err)
		}
	}
	return out
}

// HoldRefused holds nodes that only Workspaces with a refused object would use: an object that a webhook refuses costs
// no GPU. It does not hold nodes that other Workspaces need as well, and existing nodes stay.
func HoldRefused(changes []capacity.PoolChange, d desired.Desired, refused map[workspace.Key]string) {
	why := make(map[workspace.Key]string, len(refused))
	for k, text := range refused {
		why[k] = fmt.Sprintf("the API server refuses %s of %s", text, k)
	}
	holdNodes(changes, d, why)
}

// holdNodes holds nodes that only the held Workspaces would use, with the reason of one of them.
func holdNodes(changes []capacity.PoolChange, d desired.Desired, held map[workspace.Key]string) {
	if len(held) == 0 {
		return
	}
	for i := range changes {
		c := &changes[i]
		live := 0
		if c.Live != nil {
			live = c.Live.Count
		}
		if c.Op != capacity.Create && c.Op != capacity.Update || c.Desired == nil || c.Desired.Count <= live {
			continue
		}
		var accepted []capacity.Option
		why := ""
		for j := range d.Workloads {
			w := &d.Workloads[j]
			if w.Binding.Pool != c.Name && w.Binding.Next != c.Name {
				continue
			}
			if text, no := held[w.Key]; no {
				why = cmp.Or(why, text)
			} else if !w.Finished && !w.Workspace.Suspended() {
				accepted = append(accepted, w.Binding.Option)
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

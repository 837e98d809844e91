// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/reviewed"
)

// placeOf returns where a Workspace will run once all steps are carried out: for one that moves, the place that it moves
// to.
func (c *Comparison) placeOf(w *desired.Workload) reviewed.Shown {
	if len(w.Blocked) > 0 || w.Waiting != "" {
		return reviewed.Shown{}
	}
	at := reviewed.Shown{
		InstanceType: w.Placement.InstanceType,
		Region:       c.Policy.Region,
		Spot:         w.Workspace.Spot(),
		Nodes:        w.Placement.Nodes,
		HourlyCost:   capacity.Cost{Known: true}, // of existing nodes: nothing is bought
	}
	switch {
	case w.NodePool != nil:
		at.HourlyCost = w.NodePool.HourlyCost
	case w.Pool != nil:
		at.HourlyCost = w.Binding.Cost
		if next, ok := c.next(w); ok {
			at.InstanceType, at.Nodes, at.HourlyCost = next.SKU.Name, next.Nodes, next.HourlyCost
		}
	}
	if w.Workspace.Suspended() || w.Finished || w.Placement.Paused {
		at.Nodes, at.HourlyCost = 0, capacity.Cost{Known: true}
	}
	return at
}

// next returns the option on which a Workspace will run that moves to another pool.
func (c *Comparison) next(w *desired.Workload) (capacity.Option, bool) {
	i := slices.IndexFunc(c.Desired.Fleet.Pools, func(p capacity.Pool) bool { return p.Name == w.Binding.Next })
	if w.Binding.Next == "" || i < 0 {
		return capacity.Option{}, false
	}
	size := c.Desired.Fleet.Pools[i].SKU.Name
	options := w.Demand.Options
	if c.Desired.Fleet.Pools[i].Workspace != w.Key { // a shared pool: a part of a node may do
		options = slices.Concat(w.Demand.Shares, options)
	}
	if i = slices.IndexFunc(options, func(o capacity.Option) bool { return o.SKU.Name == size }); i < 0 {
		return capacity.Option{}, false
	}
	return options[i], true
}

// SPDX-License-Identifier: Apache-2.0

package wanted

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/ledger"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace/nodelabel"
)

// Pools makes the pools of the plan for a question.
type Pools struct {
	Question *question.Input
	Prices   ledger.Prices
}

// Shared returns a desired pool of a class.
func (p Pools) Shared(name string, k nodeclass.Key, sku capacity.SKU, count int) capacity.Pool {
	return capacity.Pool{
		Name:        name,
		SKU:         sku,
		Count:       count,
		Spot:        k.Priority == capacity.Spot,
		DiskGiB:     k.DiskGiB,
		OSSKU:       k.OSSKU,
		Taints:      []string{capacity.GPUTaint},
		Zones:       p.Question.Limits.Zones,
		ManagedDisk: p.managedDisk(sku, k.Priority),
		Labels:      map[string]string{capacity.LabelCluster: p.Question.Cluster, capacity.LabelPool: capacity.SharedPool},
		HourlyCost:  p.Prices.Of(sku.Name, k.Priority).Times(count),
	}
}

// OwnName returns the name of the pool of one Workspace or set.
func (p Pools) OwnName(n *question.Workload, o *capacity.Option) string {
	return nodeclass.OwnName(p.Question.Cluster, n.Owner(), o.SKU.Name, n.NodePriority())
}

// Own returns the pool of one Workspace or set. Its name derives from the cluster, the owner and the size: AKS cannot
// change the size of a pool, so another size needs another pool.
func (p Pools) Own(n *question.Workload, o *capacity.Option, count int) capacity.Pool {
	pool := capacity.Pool{
		Name:        p.OwnName(n, o),
		Workspace:   n.Owner(),
		SKU:         o.SKU,
		Count:       count,
		Spot:        n.Spot,
		DiskGiB:     n.DiskGiB,
		OSSKU:       n.OSSKU,
		Labels:      map[string]string{},
		Taints:      []string{capacity.GPUTaint},
		Zones:       p.Question.Limits.Zones,
		ManagedDisk: p.managedDisk(o.SKU, n.NodePriority()),
		HourlyCost:  p.Prices.Of(o.SKU.Name, n.NodePriority()).Times(count),
	}
	for k, v := range n.Labels {
		if !nodelabel.Owned(k) { // AKS and the kubelet set these, and refuse them from others; syncer's follow
			pool.Labels[k] = v
		}
	}
	pool.Labels[capacity.LabelCluster] = p.Question.Cluster
	pool.Labels[capacity.LabelWorkspaceNamespace] = n.Workspace.Namespace
	if n.Set != "" {
		pool.Labels[capacity.LabelInferenceSet] = n.Set
	} else {
		pool.Labels[capacity.LabelWorkspace] = n.Workspace.Name
	}
	return pool
}

// Live returns a live pool as a desired one, with another number of nodes.
func (p Pools) Live(l *capacity.LivePool, count int) capacity.Pool {
	sku, ok := capacity.LookupSKU(l.Size)
	if !ok {
		sku = capacity.SKU{Name: l.Size}
	}
	return capacity.Pool{
		Name:        l.Name,
		Workspace:   l.Workspace,
		SKU:         sku,
		Count:       count,
		Spot:        l.Spot,
		Labels:      l.Labels,
		Taints:      l.Taints,
		Zones:       l.Zones,
		ManagedDisk: l.ManagedDisk,
		HourlyCost:  p.Prices.Of(l.Size, l.Priority()).Times(count),
	}
}

// managedDisk reports whether a new pool needs a managed OS disk, because its size is unavailable with an ephemeral
// one.
func (p Pools) managedDisk(sku capacity.SKU, priority capacity.Priority) bool {
	in := p.Question
	return in.Unavailable != nil &&
		slices.Contains(in.Unavailable.Dropped(sku, priority, in.Now), unavailable.EphemeralDisk)
}

// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/workspace/nodelabel"
)

// sharedPool returns a desired pool of a class.
func (p *planner) sharedPool(name string, k nodeclass.Key, sku capacity.SKU, count int) capacity.Pool {
	return capacity.Pool{
		Name:        name,
		SKU:         sku,
		Count:       count,
		Spot:        k.Priority == capacity.Spot,
		DiskGiB:     k.DiskGiB,
		OSSKU:       k.OSSKU,
		Taints:      []string{capacity.GPUTaint},
		Zones:       p.in.Limits.Zones,
		ManagedDisk: p.managedDisk(sku, k.Priority),
		Labels:      map[string]string{capacity.LabelCluster: p.in.Cluster, capacity.LabelPool: capacity.SharedPool},
		HourlyCost:  p.prices.Of(sku.Name, k.Priority).Times(count),
	}
}

// ownName returns the name of the pool of one Workspace or set.
func (p *planner) ownName(n *Workload, o *capacity.Option) string {
	return nodeclass.OwnName(p.in.Cluster, n.Owner(), o.SKU.Name, n.NodePriority())
}

// ownPool returns the pool of one Workspace or set. Its name derives from the cluster, the owner and the size: AKS
// cannot change the size of a pool, so another size needs another pool.
func (p *planner) ownPool(n *Workload, o *capacity.Option, count int) capacity.Pool {
	pool := capacity.Pool{
		Name:        p.ownName(n, o),
		Workspace:   n.Owner(),
		SKU:         o.SKU,
		Count:       count,
		Spot:        n.Spot,
		DiskGiB:     n.DiskGiB,
		OSSKU:       n.OSSKU,
		Labels:      map[string]string{},
		Taints:      []string{capacity.GPUTaint},
		Zones:       p.in.Limits.Zones,
		ManagedDisk: p.managedDisk(o.SKU, n.NodePriority()),
		HourlyCost:  p.prices.Of(o.SKU.Name, n.NodePriority()).Times(count),
	}
	for k, v := range n.Labels {
		if !nodelabel.Owned(k) { // AKS and the kubelet set these, and refuse them from others; syncer's follow
			pool.Labels[k] = v
		}
	}
	pool.Labels[capacity.LabelCluster] = p.in.Cluster
	pool.Labels[capacity.LabelWorkspaceNamespace] = n.Workspace.Namespace
	if n.Set != "" {
		pool.Labels[capacity.LabelInferenceSet] = n.Set
	} else {
		pool.Labels[capacity.LabelWorkspace] = n.Workspace.Name
	}
	return pool
}

// livePool returns a live pool as a desired one, with another number of nodes.
func (p *planner) livePool(l *capacity.LivePool, count int) capacity.Pool {
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
		HourlyCost:  p.prices.Of(l.Size, l.Priority()).Times(count),
	}
}

// risked is the rank of a new node with a surcharge for the risk that Azure refuses its size.
func (p *planner) risked(sku capacity.SKU, priority capacity.Priority) int64 {
	price := float64(p.prices.Rank(sku.Name, priority))
	families := p.in.Quota.Families
	if priority != capacity.Spot && len(families) > 0 && !families[strings.ToLower(sku.Family)].Known {
		price *= unknownQuota
	}
	if p.in.Unavailable != nil {
		price /= max(p.in.Unavailable.Chance(sku, priority, p.in.Now), leastChance)
	}
	return int64(price + 0.5)
}

// managedDisk reports whether a new pool needs a managed OS disk, because its size is unavailable with an ephemeral
// one.
func (p *planner) managedDisk(sku capacity.SKU, priority capacity.Priority) bool {
	return p.in.Unavailable != nil &&
		slices.Contains(p.in.Unavailable.Dropped(sku, priority, p.in.Now), unavailable.EphemeralDisk)
}

// The surcharges for risk are syncer's own. Azure lists the quota of every family that a subscription has, so a family
// that is missing from the list probably has none. leastChance bounds the surcharge of a low chance.
const (
	unknownQuota = 1.25
	leastChance  = 0.1
)

// EmptyNodes returns the nodes of a pool without pods, in the order of their removal: unready nodes first, then by
// descending name.
func EmptyNodes(pool string, nodes []Node) []string {
	var ready, broken []string
	for _, n := range nodes {
		switch {
		case n.Pool != pool || n.Pods > 0:
		case n.Ready:
			ready = append(ready, n.Name)
		default:
			broken = append(broken, n.Name)
		}
	}
	slices.Sort(ready)
	slices.Reverse(ready)
	slices.Sort(broken)
	slices.Reverse(broken)
	return append(broken, ready...)
}

// SPDX-License-Identifier: Apache-2.0

package pools

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
)

// Input is what Plan compares, with what it needs to know about nodes and pods.
type Input struct {
	Desired []capacity.Pool
	Live    []capacity.LivePool
	Limits  capacity.Limits
	Region  string
	Prices  capacity.Prices // zero for the embedded list
	// Held returns why a pool that is not desired must stay, or "".
	Held func(capacity.LivePool) string
	// InUse returns which pod still runs on a pool, managed or not, as a reason for users, or "".
	InUse func(pool string) string
	// Empty returns the nodes of a pool without pods, in the order of their removal.
	Empty func(pool string) []string
	// Eventual plans the end state instead of the next step.
	Eventual bool
}

// Plan compares the desired pools with the live ones. Unowned pools and system pools appear among the changes only
// where a desired pool has their name. Deletions come last; within both parts the order is that of the names.
func Plan(s Input) []capacity.PoolChange {
	live := map[string]*capacity.LivePool{}
	for i := range s.Live {
		live[s.Live[i].Name] = &s.Live[i]
	}
	desired := slices.SortedFunc(
		slices.Values(s.Desired),
		func(a, b capacity.Pool) int { return strings.Compare(a.Name, b.Name) },
	)
	budget := newBudget(s)
	var changes, deletions []capacity.PoolChange
	for i := range desired {
		p := &desired[i]
		c := capacity.PoolChange{Name: p.Name, Desired: p, Live: live[p.Name]}
		if c.Live != nil {
			c.LiveCost = s.cost(c.Live)
		}
		c.Op, c.Reason = decide(p, c.Live, budget)
		if c.Op == capacity.Update && c.Live != nil && (p.Count < c.Live.Count || p.Count == 0 && failedOn(c.Live)) {
			s.shrink(&c)
		}
		if c.Op == capacity.Keep && c.Live == nil {
			continue // the pool does not exist and needs no nodes
		}
		changes = append(changes, c)
	}
	for _, l := range slices.SortedFunc(
		slices.Values(s.Live),
		func(a, b capacity.LivePool) int { return strings.Compare(a.Name, b.Name) },
	) {
		wanted := slices.ContainsFunc(desired, func(p capacity.Pool) bool { return p.Name == l.Name })
		if !l.Owned || l.System || wanted {
			continue
		}
		c := capacity.PoolChange{Name: l.Name, Live: live[l.Name], LiveCost: s.cost(&l)}
		c.Op, c.Reason = s.release(l)
		if c.Op == capacity.Update { // to zero first, so that the next pass sees a pod that is being bound now
			c.Desired = &capacity.Pool{
				Name:       l.Name,
				Workspace:  l.Workspace,
				SKU:        capacity.SKU{Name: l.Size},
				Spot:       l.Spot,
				Labels:     l.Labels,
				Taints:     l.Taints,
				HourlyCost: capacity.Cost{Known: true},
			}
		}
		deletions = append(deletions, c)
	}
	return append(changes, deletions...)
}

// cost is the price of a live pool.
func (s Input) cost(l *capacity.LivePool) capacity.Cost {
	return s.Prices.Price(s.Region, l.Size, l.Priority()).Times(l.Count)
}

// decide compares a desired pool with the live one of the same name, or nil.
func decide(p *capacity.Pool, l *capacity.LivePool, b *budget) (capacity.Op, string) {
	switch {
	case l == nil && p.Count == 0:
		return capacity.Keep, ""
	case l == nil:
		if reason := b.refuse(p, p.Count, true); reason != "" {
			return capacity.Wait, reason
		}
		return capacity.Create, fmt.Sprintf("%d x %s", p.Count, p.SKU.Name)
	case !l.Owned || l.System:
		return capacity.Wait, notOwned(p.Name)
	case l.State.Busy():
		return capacity.Wait, string(l.State)
	case failedOn(l):
		return capacity.Update, failed(l) // Azure repairs a pool that is written again
	case l.Count < p.Count:
		more := p.Count - l.Count
		if reason := b.refuse(p, more, false); reason != "" {
			return capacity.Wait, reason
		}
		return capacity.Update, scales(l.Count, p.Count)
	case l.Count > p.Count:
		return capacity.Update, scales(l.Count, p.Count)
	case !covers(l.Labels, p.Labels):
		return capacity.Update, "labels differ"
	case !slices.Equal(slices.Sorted(slices.Values(l.Taints)), slices.Sorted(slices.Values(p.Taints))):
		return capacity.Update, "taints differ"
	}
	return capacity.Keep, ""
}

// failedOn reports whether the last operation on a pool has failed, so that nodes may be left of more than its count.
func failedOn(l *capacity.LivePool) bool {
	return l.State == capacity.Failed || l.State == capacity.Canceled
}

// shrink turns a change to fewer nodes into the removal of empty nodes, and into a wait while no node is empty.
func (s Input) shrink(c *capacity.PoolChange) {
	if s.Eventual {
		return
	}
	if c.Desired.Count == 0 {
		if reason := s.InUse(c.Name); reason != "" {
			c.Op, c.Reason = capacity.Wait, reason
		}
		return
	}
	empty := s.Empty(c.Name)
	c.Remove = empty[:min(len(empty), c.Live.Count-c.Desired.Count)]
	switch {
	case len(c.Remove) > 0:
	case failedOn(c.Live):
		// The count may not match the nodes: let Azure repair the pool first.
		same := c.Desired.Scaled(c.Live.Count)
		c.Desired = &same
		return
	case s.InUse(c.Name) == "" && s.Held(*c.Live) == "":
		return // no node has joined: Azure may remove any of them
	default:
		c.Op, c.Reason = capacity.Wait, allInUse(c.Live.Count, c.Desired.Count)
		return
	}
	fewer := c.Desired.Scaled(c.Live.Count - len(c.Remove))
	c.Desired = &fewer
	c.Reason = scales(c.Live.Count, fewer.Count) + ", without " + strings.Join(c.Remove, ", ")
}

// covers reports whether the live labels include the desired ones. AKS adds its own.
func covers(live, want map[string]string) bool {
	for k, v := range want {
		if live[k] != v {
			return false
		}
	}
	return true
}

// release decides what happens to an owned pool that is not desired.
func (s Input) release(l capacity.LivePool) (capacity.Op, string) {
	if l.State == capacity.Deleting {
		return capacity.Wait, "is being deleted"
	}
	if reason := s.Held(l); reason != "" {
		return capacity.Keep, "kept: " + reason
	}
	if reason := s.InUse(l.Name); reason != "" {
		return capacity.Wait, reason
	}
	if l.State.Busy() {
		return capacity.Wait, string(l.State)
	}
	if l.Count > 0 && l.State == capacity.Succeeded && !s.Eventual {
		return capacity.Update, scales(l.Count, 0) + ", then delete: " + reasonUnused
	}
	return capacity.Delete, reasonUnused
}

// budget refuses growth beyond the limits of the policy. It never shrinks live pools.
type budget struct {
	Input
	nodes int
	pools int
	cost  capacity.Cost
}

func newBudget(s Input) *budget {
	b := &budget{Input: s, pools: len(s.Live), cost: capacity.Cost{Known: true}}
	for i := range s.Live {
		if l := &s.Live[i]; l.Owned && l.Count > 0 {
			b.nodes += l.Count
			b.cost = b.cost.Add(b.Prices.AtMost(b.Region, l.Size, l.Priority()).Times(l.Count))
		}
	}
	return b
}

// refuse returns why a pool may not get the additional nodes, or counts them and returns "". Unknown prices count as
// zero without a limit on the hourly cost, and exceed any such limit.
func (b *budget) refuse(p *capacity.Pool, nodes int, newPool bool) string {
	cost := b.Prices.AtMost(b.Region, p.SKU.Name, p.Priority()).Times(nodes)
	if newPool && b.pools >= capacity.MaxPools {
		return tooManyPools(b.pools)
	}
	if reason := b.Limits.Refuse(b.nodes, b.cost, nodes, cost); reason != "" {
		return reason
	}
	b.nodes += nodes
	b.cost = b.cost.Add(cost)
	if newPool {
		b.pools++
	}
	return ""
}

// QuotaExceeded is a vCPU quota that a plan would exceed, or that is unknown.
type QuotaExceeded struct {
	Family string // Azure's name of the quota; QuotaRegional is that of the region
	Needed int    // additional vCPUs
	Limit  capacity.Limit
	Pools  []string // the created and growing pools
}

// String returns the quota and the missing vCPUs for users.
func (s QuotaExceeded) String() string {
	if !s.Limit.Known {
		return fmt.Sprintf("quota %s is unknown; the plan needs %d vCPUs", s.Family, s.Needed)
	}
	l := s.Limit
	return fmt.Sprintf("quota %s: the plan needs %d vCPUs, %d of %d are used", s.Family, s.Needed, l.Used, l.Max)
}

// Request returns what to ask Azure for, so that the plan fits, or "" for a quota that is unknown.
func (s QuotaExceeded) Request(region string) string {
	if !s.Limit.Known {
		return ""
	}
	return capacity.RequestFor(s.Family, region, s.Limit, s.Needed).String()
}

// HoldBack turns creations and growth that would exceed a known quota into waits, with the reason. An unknown quota
// holds nothing back: Azure decides.
func HoldBack(changes []capacity.PoolChange, short []QuotaExceeded) {
	for i := range changes {
		c := &changes[i]
		for _, s := range short {
			if s.Limit.Known && (c.Op == capacity.Create || c.Op == capacity.Update) && slices.Contains(s.Pools, c.Name) {
				c.Op, c.Reason = capacity.Wait, s.String()
			}
		}
	}
}

// HoldGrowth turns all creations and growth into waits with the given reason.
func HoldGrowth(changes []capacity.PoolChange, reason string) {
	for i := range changes {
		if c := &changes[i]; c.Op == capacity.Create ||
			c.Op == capacity.Update && c.Live != nil && c.Desired.Count > c.Live.Count {
			c.Op, c.Reason = capacity.Wait, reason
		}
	}
}

// ReserveStarted returns the quota less the vCPUs of nodes that were requested and have not joined the cluster: Azure's
// usage lags behind. joined counts the nodes by pool.
func ReserveStarted(q capacity.Quota, live []capacity.LivePool, joined map[string]int) capacity.Quota {
	for _, l := range live {
		if sku, known := capacity.LookupSKU(l.Size); known && l.Owned && l.State.Busy() && l.State != capacity.Deleting &&
			l.Count > joined[l.Name] {
			q = q.Reserve(sku, l.Priority(), (l.Count-joined[l.Name])*sku.VCPUs)
		}
	}
	return q
}

// CheckQuota returns the quotas that creations and growth would exceed or whose limit is unknown, in order of family.
func CheckQuota(changes []capacity.PoolChange, q capacity.Quota) []QuotaExceeded {
	needs := map[string]*QuotaExceeded{}
	need := func(family string, l capacity.Limit, vcpus int, pool string) {
		s := needs[family]
		if s == nil {
			s = &QuotaExceeded{Family: family, Limit: l}
			needs[family] = s
		}
		s.Needed += vcpus
		s.Pools = append(s.Pools, pool)
	}
	for _, c := range changes {
		if c.Desired == nil || (c.Op != capacity.Create && c.Op != capacity.Update) {
			continue
		}
		more := c.Desired.Count
		if c.Live != nil {
			more -= c.Live.Count
		}
		vcpus := more * c.Desired.SKU.VCPUs
		switch {
		case vcpus <= 0:
		case c.Desired.Spot:
			need(capacity.QuotaSpot, q.Spot, vcpus, c.Name)
		default:
			need(c.Desired.SKU.Family, q.Family(c.Desired.SKU), vcpus, c.Name)
			need(capacity.QuotaRegional, q.Regional, vcpus, c.Name)
		}
	}
	var out []QuotaExceeded
	for _, family := range slices.Sorted(maps.Keys(needs)) {
		if s := needs[family]; !s.Limit.Known || s.Limit.Used+s.Needed > s.Limit.Max {
			out = append(out, *s)
		}
	}
	return out
}

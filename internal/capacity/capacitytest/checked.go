// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
)

// Checked is a Fake that looks at every write which Azure accepted, and fails the test when the write
//
//   - deletes a node on which a pod runs, syncer's or not;
//   - takes some of a pool's nodes without naming them;
//   - grows pools beyond Limits, or beyond the quota;
//   - begins while more than InFlight operations are under way;
//   - deletes a pool while Readable says that something cannot be read.
type Checked struct {
	*Fake
	Nodes    *Nodes
	Limits   capacity.Limits
	VCPUs    int         // quota of each family; 0: Fake.Limits is the quota
	InFlight int         // 0: any number
	Readable func() bool // nil: everything can be read

	t testing.TB
}

// NewChecked returns a Fake with its nodes, and the checks.
func NewChecked(t testing.TB) *Checked {
	f := NewFake()
	return &Checked{Fake: f, Nodes: NewNodes(t, f), t: t}
}

// Ensure creates a pool, changes it, or deletes some of its machines.
func (c *Checked) Ensure(ctx context.Context, change capacity.PoolChange) error {
	was, nodes := c.Find(change.Name), c.Fake.Nodes()[change.Name]
	if err := c.Fake.Ensure(ctx, change); err != nil {
		return err
	}
	count := change.Desired.Count
	switch {
	case (was == nil) != (change.Op == capacity.Create):
		c.t.Errorf("%s of pool %s, which is %v", change.Op, change.Name, was)
	case was == nil || count > was.Count:
		c.checkLimits(change)
	case len(change.Remove) > 0:
		c.checkEmpty(change.Name, "shrunk", change.Remove)
	case count < was.Count:
		if count > 0 && len(nodes) > count {
			c.t.Errorf("pool %s with nodes %v shrinks to %d, and none is named", change.Name, nodes, count)
		}
		c.checkEmpty(change.Name, "scaled to zero", nodes)
	}
	c.checkInFlight()
	return nil
}

// Delete deletes a pool.
func (c *Checked) Delete(ctx context.Context, change capacity.PoolChange) error {
	nodes := c.Fake.Nodes()[change.Name]
	if err := c.Fake.Delete(ctx, change); err != nil {
		return err
	}
	c.checkEmpty(change.Name, "deleted", nodes)
	if c.Readable != nil && !c.Readable() {
		c.t.Errorf("pool %s is deleted while not everything can be read", change.Name)
	}
	c.checkInFlight()
	return nil
}

func (c *Checked) checkEmpty(pool, what string, nodes []string) {
	c.t.Helper()
	for _, node := range nodes {
		if pods := c.Nodes.On(node); len(pods) > 0 {
			c.t.Errorf("pool %s is %s under %v on %s", pool, what, pods, node)
		}
	}
}

func (c *Checked) checkLimits(change capacity.PoolChange) {
	c.t.Helper()
	nodes, vcpus, usd := 0, 0, 0.0
	for _, p := range c.Live() {
		if !p.Owned {
			continue
		}
		sku, _ := capacity.LookupSKU(p.Size)
		nodes += p.Count
		usd += capacity.Price("eastus", p.Size, p.Priority()).Times(p.Count).USD
		if !p.Spot && strings.EqualFold(sku.Family, change.Desired.SKU.Family) {
			vcpus += p.Count * sku.VCPUs
		}
	}
	if c.Limits.Nodes > 0 && nodes > c.Limits.Nodes {
		c.t.Errorf("%s %s: %d nodes, and %d are allowed", change.Op, change.Name, nodes, c.Limits.Nodes)
	}
	if c.Limits.HourlyCost > 0 && usd > c.Limits.HourlyCost+1e-6 {
		c.t.Errorf("%s %s: %.2f USD/h, and %.2f are allowed", change.Op, change.Name, usd, c.Limits.HourlyCost)
	}
	if c.VCPUs > 0 && !change.Desired.Spot && vcpus > c.VCPUs {
		c.t.Errorf("%s %s: %d vCPUs of its family, and %d are allowed", change.Op, change.Name, vcpus, c.VCPUs)
	}
}

func (c *Checked) checkInFlight() {
	c.t.Helper()
	busy := slices.DeleteFunc(c.Live(), func(p capacity.LivePool) bool { return !p.State.Busy() })
	if c.InFlight > 0 && len(busy) > c.InFlight {
		c.t.Errorf("%d operations in flight, and %d are allowed", len(busy), c.InFlight)
	}
}

// Quota returns VCPUs for each family, of which the pools use what they have; without VCPUs, Fake.Limits.
func (c *Checked) Quota(ctx context.Context) (capacity.Quota, error) {
	q, err := c.Fake.Quota(ctx)
	if err != nil || c.VCPUs == 0 {
		return q, err
	}
	q.Families = map[string]capacity.Limit{}
	for sku := range capacity.SKUs() {
		q.Families[strings.ToLower(sku.Family)] = capacity.Limit{Max: c.VCPUs, Known: true}
	}
	for _, p := range c.Live() {
		sku, _ := capacity.LookupSKU(p.Size)
		if family := strings.ToLower(sku.Family); p.Owned && !p.Spot {
			l := q.Families[family]
			l.Used += p.Count * sku.VCPUs
			q.Families[family] = l
		}
	}
	return q, nil
}

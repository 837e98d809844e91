package reconcile

import (
	"context"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
)

// Pools, Ensure, Delete, Abort and Quota are the cloud, with a look at every write.
func (w *town) Pools(ctx context.Context) ([]capacity.LivePool, error) { return w.cloud.Pools(ctx) }

func (w *town) Ensure(ctx context.Context, c capacity.PoolChange) error {
	before := w.pools()
	err := w.cloud.Ensure(ctx, c)
	if err != nil {
		return err
	}
	was, there := before[c.Name]
	switch {
	case !there && c.Op != capacity.Create, there && c.Op == capacity.Create:
		w.t.Errorf("%s of pool %s", c.Op, c.Name)
	case c.Desired.Count < was.Count && len(c.Remove) == 0:
		w.alone(c.Name, w.nodesBefore(c.Name), "scaled down")
	case len(c.Remove) > 0:
		w.alone(c.Name, c.Remove, "shrunk")
	}
	if c.Desired.Count > was.Count {
		w.within(c)
	}
	w.flights()
	return nil
}

func (w *town) Delete(ctx context.Context, c capacity.PoolChange) error {
	nodes := w.nodesBefore(c.Name)
	err := w.cloud.Delete(ctx, c)
	if err == nil {
		w.alone(c.Name, nodes, "deleted")
		if w.git != nil || w.kubernetes != nil {
			w.t.Errorf("pool %s is deleted while not everything can be read", c.Name)
		}
		w.flights()
	}
	return err
}

// nodesBefore lists the nodes on which something of a pool runs.
func (w *town) nodesBefore(pool string) []string {
	var out []string
	for _, p := range w.pods {
		if p.pool == pool && p.node != "" {
			out = append(out, p.node)
		}
	}
	for _, node := range w.strange {
		if strings.HasPrefix(node, "aks-"+pool+"-") {
			out = append(out, node)
		}
	}
	return out
}

// alone fails the test when something runs on nodes that go.
func (w *town) alone(pool string, nodes []string, what string) {
	w.t.Helper()
	for name, p := range w.pods {
		if w.over[p.owner] == "" && p.node != "" && slices.Contains(nodes, p.node) {
			w.t.Errorf("pool %s is %s under %s", pool, what, name)
		}
	}
	for name, node := range w.strange {
		if slices.Contains(nodes, node) {
			w.t.Errorf("pool %s is %s under %s, which is not ours", pool, what, name)
		}
	}
}

// within fails the test when a write of ours exceeds limits or quota.
func (w *town) within(c capacity.PoolChange) {
	w.t.Helper()
	nodes, vcpus, usd := 0, map[string]int{}, 0.0
	for _, p := range w.pools() {
		if !p.Owned {
			continue
		}
		sku, _ := capacity.LookupSKU(p.Size)
		nodes += p.Count
		usd += capacity.Price("eastus", p.Size, p.Spot).Times(p.Count).USD
		if !p.Spot {
			vcpus[sku.Family] += p.Count * sku.VCPUs
		}
	}
	if w.limits.Nodes > 0 && nodes > w.limits.Nodes {
		w.t.Errorf("%s %s: %d nodes, and %d are allowed", c.Op, c.Name, nodes, w.limits.Nodes)
	}
	if w.limits.HourlyCost > 0 && usd > w.limits.HourlyCost+1e-6 {
		w.t.Errorf("%s %s: %.2f USD/h, and %.2f are allowed", c.Op, c.Name, usd, w.limits.HourlyCost)
	}
	for family, n := range vcpus {
		if w.quota > 0 && n > w.quota && strings.EqualFold(family, c.Desired.SKU.Family) {
			w.t.Errorf("%s %s: %d vCPUs of %s, and %d are allowed", c.Op, c.Name, n, family, w.quota)
		}
	}
}

func (w *town) flights() {
	busy := 0
	for _, p := range w.pools() {
		if p.State.Busy() {
			busy++
		}
	}
	if busy > 3 {
		w.t.Errorf("%d operations in flight", busy)
	}
}

func (w *town) Abort(ctx context.Context, c capacity.PoolChange) error { return w.cloud.Abort(ctx, c) }

func (w *town) Quota(ctx context.Context) (capacity.Quota, error) {
	q, err := w.cloud.Quota(ctx)
	if err != nil || w.quota == 0 {
		return q, err
	}
	q.Families = map[string]capacity.Limit{}
	for _, size := range capacity.SKUs() {
		q.Families[strings.ToLower(size.Family)] = capacity.Limit{Max: w.quota, Known: true}
	}
	for _, p := range w.pools() {
		sku, _ := capacity.LookupSKU(p.Size)
		if f := strings.ToLower(sku.Family); p.Owned && !p.Spot {
			l := q.Families[f]
			l.Used += p.Count * sku.VCPUs
			q.Families[f] = l
		}
	}
	return q, nil
}

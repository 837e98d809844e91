package capacity

import (
	"strings"

	"syncer.dev/syncer/internal/capacity/pack"
)

// rows are the limits that count over all pools: vCPUs of each family, of the region and of spot, nodes, and money. What is not
// known, or not set, limits nothing.
type rows struct {
	names []string // "StandardNCADSA100v4Family", "cores", "lowPriorityCores", "nodes", "hourlyCost"
	caps  []int64  // what our nodes may come to, all of them together
	taken []int64  // by nodes that stay in any case
	byKey map[string]int
}

const (
	rowRegion = "cores"
	rowSpot   = "lowPriorityCores"
	rowNodes  = "capacity.limits.nodes"
	rowMoney  = "capacity.limits.hourlyCost"
)

// uses returns what a node of a size takes of which limits.
func (p *planner) uses(sku SKU, spot bool) []pack.Use {
	var out []pack.Use
	add := func(key string, amount int64) {
		if i, ok := p.rows.byKey[key]; ok {
			out = append(out, pack.Use{Row: i, Amount: amount})
		}
	}
	if spot {
		add(rowSpot, int64(sku.VCPUs))
	} else {
		add(strings.ToLower(sku.Family), int64(sku.VCPUs))
		add(rowRegion, int64(sku.VCPUs))
	}
	add(rowNodes, 1)
	money := p.rank(sku.Name, spot)
	if money == unknownPrice { // too much for any limit
		money = max(money, int64(p.in.Limits.HourlyCost*1e6)+1)
	}
	add(rowMoney, money)
	return out
}

// limit works out what our nodes may come to. Quota counts the machines of everybody, ours among them; and it lags: of a pool
// that is being made, what has not joined the cluster yet may not be counted, so it is taken off as well.
func (p *planner) limit() {
	r := &p.rows
	r.byKey = map[string]int{}
	row := func(key, name string, most int64) {
		r.byKey[key] = len(r.names)
		r.names, r.caps, r.taken = append(r.names, name), append(r.caps, most), append(r.taken, 0)
	}
	quota := func(key, name string, l Limit) {
		if _, done := r.byKey[key]; l.Known && !done {
			row(key, name, int64(max(l.Max-l.Used, 0)))
		}
	}
	seen := map[string]bool{}
	family := func(f string) {
		if !seen[f] {
			seen[f] = true
			quota(strings.ToLower(f), f, p.in.Quota.Families[strings.ToLower(f)])
		}
	}
	for i := range p.sites {
		family(p.sites[i].sku.Family)
	}
	for i := range p.seats {
		if s := &p.seats[i]; s.sites == nil && len(s.options) > 0 { // of those who named a size
			family(s.options[0].SKU.Family)
		}
	}
	quota(rowRegion, rowRegion, p.in.Quota.Regional)
	quota(rowSpot, rowSpot, p.in.Quota.Spot)
	if p.in.Limits.Nodes > 0 {
		row(rowNodes, rowNodes, int64(p.in.Limits.Nodes))
	}
	if p.in.Limits.HourlyCost > 0 {
		row(rowMoney, rowMoney, int64(p.in.Limits.HourlyCost*1e6))
	}
	ours := make([]int64, len(r.caps))
	for name, l := range p.live {
		sku, _ := LookupSKU(l.Size)
		for _, u := range p.uses(sku, l.Spot) {
			if key := r.names[u.Row]; key == rowNodes || key == rowMoney {
				continue
			}
			ours[u.Row] += u.Amount * int64(l.Count)
			if l.State.Busy() {
				r.caps[u.Row] -= u.Amount * int64(max(l.Count-len(p.nodes[name]), 0))
			}
		}
	}
	for i := range r.caps {
		r.caps[i] = max(r.caps[i], 0) + ours[i]
	}
}

// take counts nodes that stay in any case.
func (p *planner) take(sku SKU, spot bool, nodes int) {
	for _, u := range p.uses(sku, spot) {
		p.rows.taken[u.Row] += u.Amount * int64(nodes)
	}
}

// short returns the first limit that so many more nodes of a size would break beside what is used, with what is missing and what
// is left, or "".
func (p *planner) short(sku SKU, spot bool, nodes int, used []int64) (row string, missing, left int64) {
	for _, u := range p.uses(sku, spot) {
		left := max(p.rows.caps[u.Row]-used[u.Row], 0)
		if want := u.Amount * int64(nodes); want > left {
			return p.rows.names[u.Row], want - left, left
		}
	}
	return "", 0, 0
}

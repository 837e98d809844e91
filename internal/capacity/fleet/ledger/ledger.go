// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
)

// Ledger has the rows of a fleet: vCPUs of each family, of the region and of spot, nodes, and hourly cost. A limit that
// is unknown or not set has no row.
type Ledger struct {
	Caps  []int64 // the most that all owned nodes may use, by row
	Taken []int64 // used by nodes that stay, by row

	names  []string // "StandardNCADSA100v4Family", QuotaRegional, QuotaSpot, rowNodes, rowMoney
	byKey  map[string]int
	total  int            // rows before those of shares
	share  map[string]int // by namespace: the first of its rows, which follow the order of all others
	prices Prices
	quota  capacity.Quota
	limits capacity.Limits
}

// Nodes are existing nodes of one of syncer's own pools.
type Nodes struct {
	SKU      capacity.SKU
	Priority capacity.Priority
	Count    int
	Coming   int // of Count, those that Azure creates and that have not joined the cluster
}

// Request asks for nodes for one Workspace.
type Request struct {
	Namespace string
	Option    *capacity.Option
	Priority  capacity.Priority
	Shared    bool // others may use the GPUs of its nodes that the Option leaves
	Nodes     int
}

// sharePart is the unit in which rows of shares count, as a part of the unit of the row that they are a share of: a
// Workspace may take the eighth part of a node.
const sharePart = 8

const (
	rowNodes = "capacity.limits.nodes"
	rowMoney = "capacity.limits.hourlyCost"
)

// New returns the ledger of a fleet, with a row for each of the families that has a quota. Azure's usage counts all
// machines of the subscription, owned ones too, and it lags behind: nodes that are coming may be missing, so New
// subtracts them as well.
func New(prices Prices, quota capacity.Quota, limits capacity.Limits, families []string, owned []Nodes) *Ledger {
	l := &Ledger{byKey: map[string]int{}, share: map[string]int{}, prices: prices, quota: quota, limits: limits}
	limited := func(key, name string, of capacity.Limit) {
		if _, done := l.byKey[key]; of.Known && !done {
			l.add(key, name, int64(max(of.Max-of.Used, 0)))
		}
	}
	for _, f := range families {
		limited(strings.ToLower(f), f, quota.Families[strings.ToLower(f)])
	}
	limited(capacity.QuotaRegional, capacity.QuotaRegional, quota.Regional)
	limited(capacity.QuotaSpot, capacity.QuotaSpot, quota.Spot)
	if limits.Nodes > 0 {
		l.add(rowNodes, rowNodes, int64(limits.Nodes))
	}
	if limits.HourlyCost > 0 {
		l.add(rowMoney, rowMoney, int64(limits.HourlyCost*1e6))
	}
	ours := make([]int64, len(l.Caps))
	for _, n := range owned {
		for _, u := range l.Uses(n.SKU, n.Priority) {
			if key := l.names[u.Row]; key == rowNodes || key == rowMoney {
				continue
			}
			ours[u.Row] += u.Amount * int64(n.Count)
			l.Caps[u.Row] -= u.Amount * int64(n.Coming)
		}
	}
	for i := range l.Caps {
		l.Caps[i] = max(l.Caps[i], 0) + ours[i]
	}
	l.total = len(l.names)
	return l
}

func (l *Ledger) add(key, name string, most int64) {
	l.byKey[key] = len(l.names)
	l.names, l.Caps, l.Taken = append(l.names, name), append(l.Caps, most), append(l.Taken, 0)
}

// Divide adds, for a namespace with a share, its part of every row. Of a quota it is the part of what Azure grants,
// also where others use some of it.
func (l *Ledger) Divide(namespace string) {
	percent, bounded := l.limits.Shares[namespace]
	if _, done := l.share[namespace]; !bounded || done {
		return
	}
	l.share[namespace] = len(l.names)
	for row := range l.total {
		l.names = append(l.names, l.names[row])
		l.Caps = append(l.Caps, l.granted(row)*sharePart*int64(percent)/100)
		l.Taken = append(l.Taken, 0)
	}
}

// granted is all of a row, without what anybody uses of it.
func (l *Ledger) granted(row int) int64 {
	switch name := l.names[row]; name {
	case rowNodes, rowMoney:
		return l.Caps[row]
	case capacity.QuotaRegional:
		return int64(l.quota.Regional.Max)
	case capacity.QuotaSpot:
		return int64(l.quota.Spot.Max)
	default:
		return int64(l.quota.Families[strings.ToLower(name)].Max)
	}
}

// ShareRow returns the first row of the share of a namespace; ok is false if it has none.
func (l *Ledger) ShareRow(namespace string) (row int, ok bool) {
	row, ok = l.share[namespace]
	return row, ok
}

// Uses returns what a node of a size uses of each limit.
func (l *Ledger) Uses(sku capacity.SKU, priority capacity.Priority) []pack.Use {
	var out []pack.Use
	add := func(key string, amount int64) {
		if i, ok := l.byKey[key]; ok {
			out = append(out, pack.Use{Row: i, Amount: amount})
		}
	}
	if priority == capacity.Spot {
		add(capacity.QuotaSpot, int64(sku.VCPUs))
	} else {
		add(strings.ToLower(sku.Family), int64(sku.VCPUs))
		add(capacity.QuotaRegional, int64(sku.VCPUs))
	}
	add(rowNodes, 1)
	money := l.prices.Rank(sku.Name, priority)
	if money == unknownPrice { // exceeds every limit
		money = max(money, int64(l.limits.HourlyCost*1e6)+1)
	}
	add(rowMoney, money)
	return out
}

// ShareUses returns what a request uses of the share of its namespace, if that has one.
func (l *Ledger) ShareUses(r Request) []pack.Use {
	first, ok := l.share[r.Namespace]
	if !ok {
		return nil
	}
	part, o := int64(sharePart), r.Option
	if o.SKU.GPUs > 0 && o.GPUsPerNode > 0 && r.Shared {
		part = max(part*int64(min(o.GPUsPerNode, o.SKU.GPUs))/int64(o.SKU.GPUs), 1)
	}
	uses := l.Uses(o.SKU, r.Priority)
	for i := range uses {
		uses[i].Row += first
		uses[i].Amount *= part * int64(r.Nodes)
	}
	return uses
}

// TakeShare counts a request for the share of its namespace.
func (l *Ledger) TakeShare(r Request) {
	for _, u := range l.ShareUses(r) {
		l.Taken[u.Row] += u.Amount
	}
}

// Take counts nodes that stay.
func (l *Ledger) Take(sku capacity.SKU, priority capacity.Priority, nodes int) {
	for _, u := range l.Uses(sku, priority) {
		l.Taken[u.Row] += u.Amount * int64(nodes)
	}
}

// Shortage is a row that a request would exceed.
type Shortage struct {
	Row int

	missing, left int64 // in the unit of the row
	share         bool  // of the namespace
}

// Shortages returns all rows that a request would exceed beside what is used of each: those of all Workspaces together,
// then those of the namespace.
func (l *Ledger) Shortages(r Request, used []int64) []Shortage {
	var out []Shortage
	for _, u := range l.Uses(r.Option.SKU, r.Priority) {
		left := l.Caps[u.Row] - used[u.Row] // negative where a limit came later
		if want := u.Amount * int64(r.Nodes); want > max(left, 0) {
			out = append(out, Shortage{Row: u.Row, missing: want - left, left: max(left, 0)})
		}
	}
	for _, u := range l.ShareUses(r) {
		if left := max(l.Caps[u.Row]-used[u.Row], 0); u.Amount > left {
			out = append(out, Shortage{
				Row:     u.Row,
				missing: (u.Amount - left + sharePart - 1) / sharePart,
				left:    left / sharePart,
				share:   true,
			})
		}
	}
	return out
}

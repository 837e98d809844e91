// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/ledger"
)

const size = "Standard_NC48ads_A100_v4" // 48 vCPUs, 2 GPUs

// fleet opens a ledger with one family.
func fleet(
	t *testing.T, family capacity.Limit, limits capacity.Limits, owned ...ledger.Nodes,
) (*ledger.Ledger, capacity.SKU) {
	t.Helper()
	sku, ok := capacity.LookupSKU(size)
	if !ok {
		t.Fatal(size)
	}
	quota := capacity.Quota{Families: map[string]capacity.Limit{strings.ToLower(sku.Family): family}}
	for i := range owned {
		owned[i].SKU = sku
	}
	prices := ledger.Prices{Region: "eastus", List: func(name string, _ capacity.Priority) capacity.Cost {
		return capacity.Cost{USD: 7, Known: name == size}
	}}
	return ledger.New(prices, quota, limits, []string{sku.Family, sku.Family}, owned), sku
}

// TestObstacles reads what is short in words.
func TestObstacles(t *testing.T) {
	for name, tt := range map[string]struct {
		family capacity.Limit
		limits capacity.Limits
		size   string
		nodes  int
		want   []string // the start of each message
	}{
		"fits": {family: capacity.Limit{Max: 96, Known: true}, nodes: 2},
		"quota": {
			family: capacity.Limit{Max: 96, Used: 24, Known: true}, nodes: 2,
			want: []string{"24 vCPU of StandardNCADSA100v4Family short in eastus, for " + size},
		},
		"nodes and cost": {
			limits: capacity.Limits{Nodes: 1, HourlyCost: 10}, nodes: 2,
			want: []string{
				"capacity.limits.nodes is 1, which leaves 1; needs 1 more",
				"capacity.limits.hourlyCost is 10.00, which leaves 10.00 USD/h; needs 4.00 more for " + size,
			},
		},
		"unknown price": {
			limits: capacity.Limits{HourlyCost: 10}, size: "Standard_Unknown", nodes: 1,
			want: []string{"the price of Standard_Unknown in eastus is unknown"},
		},
		"share": {
			family: capacity.Limit{Max: 192, Known: true},
			limits: capacity.Limits{Shares: map[string]int{"team": 25}}, nodes: 2,
			want: []string{"namespace team may use 25% of StandardNCADSA100v4Family (policy.priority.shares), " +
				"which leaves 48 vCPU; needs 48 vCPU more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, sku := fleet(t, tt.family, tt.limits)
			l.Divide("team")
			l.Divide("team")
			if tt.size != "" {
				sku = capacity.SKU{Name: tt.size}
			}
			r := ledger.Request{
				Namespace: "team",
				Option:    &capacity.Option{SKU: sku, GPUsPerNode: sku.GPUs},
				Priority:  capacity.OnDemand,
				Nodes:     tt.nodes,
			}
			short := l.Shortages(r, l.Taken)
			if len(short) != len(tt.want) {
				t.Fatalf("%d rows are short, want %d", len(short), len(tt.want))
			}
			for i, no := range short {
				if got := l.Obstacle(no, r).Message; !strings.HasPrefix(got, tt.want[i]) {
					t.Errorf("message %q, want %q", got, tt.want[i])
				}
			}
		})
	}
}

// TestOwnedNodesKeepTheirQuota counts what Azure reports as used by syncer's own nodes, and those that it does not
// report yet.
func TestOwnedNodesKeepTheirQuota(t *testing.T) {
	l, _ := fleet(t, capacity.Limit{Max: 240, Used: 48, Known: true}, capacity.Limits{},
		ledger.Nodes{Priority: capacity.OnDemand, Count: 3, Coming: 2})
	if want := int64(240); l.Caps[0] != want {
		t.Errorf("owned nodes may use %d vCPUs, want %d", l.Caps[0], want)
	}
}

// TestShareCountsParts takes a GPU of two from a share, which is half of a node.
func TestShareCountsParts(t *testing.T) {
	l, sku := fleet(t, capacity.Limit{Max: 96, Known: true}, capacity.Limits{Shares: map[string]int{"team": 50}})
	l.Divide("team")
	half := ledger.Request{
		Namespace: "team",
		Option:    &capacity.Option{SKU: sku, GPUsPerNode: 1},
		Priority:  capacity.OnDemand,
		Shared:    true,
		Nodes:     1,
	}
	for range 2 {
		if short := l.Shortages(half, l.Taken); len(short) > 0 {
			t.Fatalf("short: %s", l.Obstacle(short[0], half).Message)
		}
		l.TakeShare(half)
	}
	if row, ok := l.ShareRow("team"); !ok || len(l.Shortages(half, l.Taken)) != 1 || l.Taken[row] != l.Caps[row] {
		t.Errorf("taken %v of %v", l.Taken, l.Caps)
	}
}

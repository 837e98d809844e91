// SPDX-License-Identifier: Apache-2.0

package raise

import (
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

func usd(v float64) capacity.Cost { return capacity.Cost{USD: v, Known: true} }

// TestOf: only nodes that are new to a Workspace make a change dearer, and what ends makes it cheaper.
func TestOf(t *testing.T) {
	key := workspace.Key{Namespace: "default", Name: "a"}
	pool := func(op capacity.Op, was, is int) capacity.PoolChange {
		c := capacity.PoolChange{Op: op, Name: "p", LiveCost: usd(float64(was))}
		if was > 0 {
			c.Live = &capacity.LivePool{Name: "p", Count: was, Owned: true}
		}
		if is > 0 {
			c.Desired = &capacity.Pool{Name: "p", Count: is, HourlyCost: usd(float64(is))}
		}
		return c
	}
	unknown := pool(capacity.Create, 0, 2)
	unknown.Desired.HourlyCost = capacity.Cost{}
	foreign := pool(capacity.Delete, 2, 0)
	foreign.Live.Owned = false
	for name, tt := range map[string]struct {
		change capacity.PoolChange
		runs   int64 // replicas that the Workspace asks for in the pool already
		want   capacity.Cost
		by     bool
	}{
		"new":                        {pool(capacity.Create, 0, 2), 0, usd(2), true},
		"more":                       {pool(capacity.Update, 1, 2), 1, usd(1), true},
		"lost, and comes back":       {pool(capacity.Create, 0, 2), 2, usd(0), false},
		"fewer":                      {pool(capacity.Update, 2, 1), 2, usd(-1), false},
		"deleted":                    {pool(capacity.Delete, 2, 0), 0, usd(-2), false},
		"deleted later":              {pool(capacity.Wait, 2, 0), 0, usd(-2), false},
		"held":                       {pool(capacity.Wait, 0, 2), 0, usd(0), false},
		"kept":                       {pool(capacity.Keep, 2, 2), 2, usd(0), false},
		"of a price that is unknown": {unknown, 0, capacity.Cost{}, true},
		"of others":                  {foreign, 0, usd(0), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := desired.Desired{Workloads: []*desired.Workload{{
				Key:       key,
				Workspace: &workspace.Workspace{Key: key},
				Binding:   fleet.Binding{Pool: "p", Option: &capacity.Option{Nodes: 2}},
			}}}
			live := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}}
			if tt.runs > 0 {
				live.Workloads[key] = cluster.Workload{Pool: "p", Replicas: tt.runs}
			}
			got, by := Of(Input{Desired: d, Live: live, Pools: []capacity.PoolChange{tt.change}})
			if got.Known != tt.want.Known || got.Known && got != tt.want || by[key] != tt.by {
				t.Errorf("%+v for %v, want %+v", got, by, tt.want)
			}
		})
	}
}

// TestTooMuch: a rise up to the bound is allowed, and one that is unknown is not.
func TestTooMuch(t *testing.T) {
	policy := desired.ChangePolicy{MaxDelta: 4}
	for cost, want := range map[capacity.Cost]string{
		usd(4):    "",
		usd(-9):   "",
		usd(4.01): "the change costs 4.01 USD/h more; policy.costDelta.hourly is 4.00",
		{}:        "what the change costs is unknown, and policy.costDelta.hourly is 4.00",
	} {
		if TooMuch(cost, policy) != (want != "") {
			t.Errorf("%+v: too much is %t", cost, want == "")
		}
		if got := Words(cost, policy); want != "" && got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

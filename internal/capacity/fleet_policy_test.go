package capacity

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// never is an Availability that knows what is not offered.
type never string

func (n never) Blocked(sku SKU, _ bool, _ time.Time) (string, time.Time, bool) {
	return sku.Name + " is not offered in eastus", time.Time{}, sku.Name == string(n)
}

// TestNotOffered has sizes that the region does not offer: who named one is told, who runs on one goes on, and nobody else gets it.
func TestNotOffered(t *testing.T) {
	const size = "Standard_NC24ads_A100_v4"
	f := PlanFleet(FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{named("a", size, 1), auto("b", 60)}, Unavailable: never(size)})
	a, b := workspace.Key{Namespace: "default", Name: "a"}, workspace.Key{Namespace: "default", Name: "b"}
	if no := f.Unplaced[a]; no.Reason != "OutOfCapacity" || !strings.Contains(no.Message, "not offered") {
		t.Errorf("named: %+v", no)
	}
	if got := f.Bindings[b].Option.SKU.Name; got == "" || got == size {
		t.Errorf("automatic: %q", got)
	}
	s := newSim(t, 1)
	s.want(named("a", size, 1))
	s.settle()
	writes := s.writes
	s.blocked[size] = s.now.Add(24 * time.Hour)
	if f := s.settle(); len(f.Unplaced) > 0 || s.running() != 1 || s.writes != writes {
		t.Errorf("what runs: %v, %s", f.Unplaced, s)
	}
}

// TestTooManyPools has as many pools of others as AKS allows: what can share an existing pool does, the rest is told.
func TestTooManyPools(t *testing.T) {
	in := FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{named("a", "Standard_NC24ads_A100_v4", 1)}}
	for range maxPools {
		in.Pools = append(in.Pools, LivePool{Name: "x", Size: "Standard_D4s_v5", Count: 1, State: Succeeded})
	}
	f := PlanFleet(in)
	if no := f.Unplaced[in.Needs[0].Workspace]; no.Reason != "TooManyPools" || len(f.Pools) > 0 {
		t.Errorf("%+v, %v", no, f.Pools)
	}
}

// TestPolicyExcludesWhatRuns takes the size of a server that runs out of what is allowed: it moves, and not before there is room.
func TestPolicyExcludesWhatRuns(t *testing.T) {
	s := newSim(t, 1)
	n := auto("a", 60)
	s.want(n)
	before := s.settle().Bindings[n.Workspace].Option.SKU.Name
	drop := func(options []Option) []Option {
		var out []Option
		for _, o := range options {
			if o.SKU.Name != before {
				out = append(out, o)
			}
		}
		return out
	}
	n.Demand.Options, n.Demand.Shares = drop(n.Demand.Options), drop(n.Demand.Shares)
	s.want(n)
	f := s.settle()
	o := f.Bindings[n.Workspace].Option
	if after := o.SKU.Name; after == before || s.running() != o.Nodes || len(s.moves) != 1 || len(s.pools) != 1 {
		t.Errorf("from %s to %s: %v, %s", before, after, s.moves, s)
	}
}

// TestSpotHasItsOwnQuota counts spot nodes against the quota of spot, and no other.
func TestSpotHasItsOwnQuota(t *testing.T) {
	n := named("a", "Standard_NC24ads_A100_v4", 2)
	n.Spot = true
	in := FleetInput{Cluster: "demo", Region: "eastus", Needs: []Need{n}, Quota: Quota{
		Families: map[string]Limit{"standardncadsa100v4family": {Known: true}}, Spot: Limit{Max: 48, Known: true},
	}}
	if f := PlanFleet(in); len(f.Unplaced) > 0 {
		t.Errorf("%v", f.Unplaced)
	}
	in.Quota.Spot.Used = 1
	if no := PlanFleet(in).Unplaced[n.Workspace]; no.Reason != "QuotaExceeded" || !strings.Contains(no.Message, "lowPriorityCores") {
		t.Errorf("%+v", no)
	}
}

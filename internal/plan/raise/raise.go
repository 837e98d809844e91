// SPDX-License-Identifier: Apache-2.0

package raise

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Input is what Of looks at.
type Input struct {
	Desired desired.Desired
	Live    cluster.State
	Pools   []capacity.PoolChange
}

// Of returns by how much a change makes the fleet dearer in the end, and the Workspaces that get nodes which are new to
// them. The sum does not count nodes that are only there until a Workspace has moved, and those that only come back. It
// is negative if the fleet gets cheaper.
func Of(in Input) (sum capacity.Cost, by map[workspace.Key]bool) {
	by = raisers(&in)
	return raiseOf(&in, by), by
}

// TooMuch reports whether a change raises the cost by more than the policy allows. A rise that is unknown does.
func TooMuch(raise capacity.Cost, policy desired.ChangePolicy) bool {
	return !raise.Known || raise.USD > policy.MaxDelta
}

// Words says how much dearer a change is, and what the policy allows.
func Words(raise capacity.Cost, policy desired.ChangePolicy) string {
	if !raise.Known {
		return fmt.Sprintf("what the change costs is unknown, and policy.costDelta.hourly is %.2f", policy.MaxDelta)
	}
	return fmt.Sprintf("the change costs %.2f USD/h more; policy.costDelta.hourly is %.2f", raise.USD, policy.MaxDelta)
}

// raisers returns the Workspaces for which the plan creates nodes that are new to them. Nodes that only come back do
// not count: those of a pool that was lost, or of a Workspace that gave way to another.
func raisers(in *Input) map[workspace.Key]bool {
	grows := map[string]bool{}
	for i := range in.Pools {
		if c := &in.Pools[i]; c.NewNodes() > 0 {
			grows[c.Name] = true
		}
	}
	out := map[workspace.Key]bool{}
	for i := range in.Desired.Workloads {
		w := in.Desired.Workloads[i]
		if w.NodePool == nil && !grows[w.Binding.Pool] && !grows[w.Binding.Next] {
			continue
		}
		live, exists := in.Live.Workloads[w.Key]
		if len(w.Blocked) > 0 || w.Waiting != "" && w.Binding.Next == "" {
			continue
		}
		if w.NodePool != nil {
			if w.Held == "" && (!exists || live.Inputs != w.Workspace.Digest) {
				out[w.Key] = true
			}
			continue
		}
		for _, pool := range []string{w.Binding.Pool, w.Binding.Next} {
			if grows[pool] && !(exists && comesBack(&live, w, pool)) {
				out[w.Key] = true
			}
		}
	}
	return out
}

// comesBack reports whether a live workload asks for all of its nodes in a pool already.
func comesBack(live *cluster.Workload, w *desired.Workload, pool string) bool {
	same := live.Inputs == w.Workspace.Digest
	return live.Pool == pool && (live.Ref.Kind == "Job" && same || live.Paused() && same && w.Binding.Yields == "" ||
		!live.Paused() && int(live.Replicas) >= w.Binding.Nodes())
}

// raiseOf returns by how much the fleet gets dearer in the end. Pools that grow count only if one of raises uses them.
func raiseOf(in *Input, raises map[workspace.Key]bool) capacity.Cost {
	sum := capacity.Cost{Known: true}
	users := map[string]bool{}
	for i := range in.Desired.Workloads {
		w := in.Desired.Workloads[i]
		if len(raises) > 0 && raises[w.Key] {
			users[w.Binding.Pool], users[w.Binding.Next] = true, true
		}
		if w.Binding.Next != "" { // its part of the pool that it leaves
			sum = sum.Minus(w.Binding.Cost)
		}
	}
	for i := range in.Pools {
		c := &in.Pools[i]
		switch {
		case c.Live != nil && !c.Live.Owned:
		case c.Desired == nil && c.Op != capacity.Keep: // it goes, now or later
			sum = sum.Minus(c.LiveCost)
		case c.Desired == nil:
		case c.NewNodes() > 0 && !users[c.Name]: // nodes that come back
		case c.Op == capacity.Wait && grownLater(c): // held for another reason
		case c.Desired.HourlyCost == c.LiveCost: // although the price may be unknown
		case c.Op == capacity.Create:
			sum = sum.Add(c.Desired.HourlyCost)
		case c.Op == capacity.Update || c.Op == capacity.Wait:
			sum = sum.Add(c.Desired.HourlyCost).Minus(c.LiveCost)
		}
	}
	return sum.Add(nodePoolRaise(in, raises))
}

// grownLater reports whether a change that waits would let a pool grow.
func grownLater(c *capacity.PoolChange) bool {
	return c.Live == nil || c.Desired.Count > c.Live.Count
}

// nodePoolRaise returns by how much NodePools get dearer.
func nodePoolRaise(in *Input, raises map[workspace.Key]bool) capacity.Cost {
	sum := capacity.Cost{Known: true}
	for i := range in.Desired.Workloads {
		if w := in.Desired.Workloads[i]; w.NodePool != nil && raises[w.Key] {
			sum = sum.Add(w.NodePool.HourlyCost)
		}
	}
	for _, p := range in.Live.NodePools {
		for i := range in.Desired.Workloads {
			w := in.Desired.Workloads[i]
			if w.NodePool != nil && w.NodePool.Name == p.Name && raises[w.Key] {
				sum = sum.Minus(w.NodePool.HourlyCost)
			}
		}
	}
	return sum
}

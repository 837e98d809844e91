// SPDX-License-Identifier: Apache-2.0

package why

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
)

// Verdict returns the verdict on one size for a request, without a cluster and without Azure: quota and availability
// are unknown. A request that names another size gets the verdict as well: that it names another one is an obstacle.
// among is the Workload of the request as desired.Desire returns it with Observed.Explain, so that what other
// Workspaces take counts; nil for a request that is alone. The error is that of a request that no size satisfies.
func Verdict(
	r sizing.Request, policy desired.Policy, s capacity.SKU, among *desired.Workload,
) (capacity.Verdict, error) {
	if err := r.Admissible(); err != nil {
		return capacity.Verdict{}, err
	}
	v := capacity.Verdict{SKU: s, Unknown: []capacity.Check{capacity.CheckAvailability, capacity.CheckQuota}}
	named := strings.EqualFold(r.InstanceType, s.Name)
	v.Option, v.Obstacles = r.Explain(s, named)
	if !named && r.InstanceType != "" && r.InstanceType != "auto" {
		v.Obstacles = slices.Insert(v.Obstacles, 0, capacity.Obstacle{
			Check:   capacity.CheckPolicy,
			Message: sizing.SizeField + " names " + r.InstanceType + ", so that no other size is considered",
		})
	}
	open := r
	open.InstanceType = ""
	if all := sizing.Evaluate(open); len(all) > 0 && all[0].Eligible && v.Option.Nodes > 0 {
		if best := all[0].Option; v.Option.HourlyCost.Known && v.Option.HourlyCost.USD > best.HourlyCost.USD {
			v.Dearer = capacity.Cost{USD: v.Option.HourlyCost.USD - best.HourlyCost.USD, Known: true}
			v.Than = best.SKU.Name
		}
	}
	if len(v.Obstacles) > 0 {
		return v, nil
	}
	if found, known := obstacles(among, s); known {
		v.Obstacles = found
	} else {
		v.Obstacles = alone(r, policy, v.Option)
		if among != nil && (r.Limits.Nodes > 0 || r.Limits.HourlyCost > 0) && len(v.Obstacles) == 0 {
			v.Unknown = append(v.Unknown, capacity.CheckLimit)
		}
	}
	if d, err := sizing.Size(r); err == nil {
		v.Taken = d.Options[0].SKU.Name == s.Name
	}
	return v, nil
}

// obstacles returns what keeps a Workload from a size beside all others: those of the option with the fewest, as it may
// take a part of a node or all of it. known is false for a size on which the fleet has no verdict.
func obstacles(w *desired.Workload, s capacity.SKU) (found []capacity.Obstacle, known bool) {
	if w == nil {
		return nil, false
	}
	if w.Held != "" && w.Placement.InstanceType == s.Name { // in mode karpenter
		return []capacity.Obstacle{{Check: capacity.CheckLimit, Reason: diag.LimitReached, Message: w.Held}}, true
	}
	for _, v := range w.Sizes {
		if v.SKU.Name == s.Name && v.Option.Nodes > 0 && (!known || len(v.Obstacles) < len(found)) {
			found, known = v.Obstacles, true
		}
	}
	return found, known
}

// alone returns what keeps an option from a request if there are no other Workspaces: the limits, which do not bound
// nodes that exist.
func alone(r sizing.Request, policy desired.Policy, o capacity.Option) []capacity.Obstacle {
	if !policy.NodeSource().Buys() {
		return nil
	}
	f := fleet.Plan(fleet.Input{
		Cluster: policy.Cluster,
		Region:  policy.Region,
		Workloads: []fleet.Workload{{
			Workspace: r.Workspace,
			Demand:    capacity.Demand{Options: []capacity.Option{o}},
			Spot:      r.Spot,
		}},
		Limits:   r.Limits,
		Eventual: true,
		Explain:  true,
		Prices: func(size string, priority capacity.Priority) capacity.Cost {
			return r.Prices.Price(r.Region, size, priority)
		},
	})
	var out []capacity.Obstacle
	for _, one := range f.Verdicts[r.Workspace] {
		out = append(out, one.Obstacles...)
	}
	return out
}

// Within returns a Demand without the options that the limits refuse to a request that is alone. The error, a
// *capacity.RefusedError, is about the cheapest one if they refuse all.
func Within(d capacity.Demand, r sizing.Request, policy desired.Policy) (capacity.Demand, error) {
	var left []capacity.Option
	first := ""
	for _, o := range d.Options {
		found := alone(r, policy, o)
		if len(found) == 0 {
			left = append(left, o)
		} else if first == "" {
			first = found[0].Message
		}
	}
	if len(left) == 0 {
		return d, sizing.Refused(diag.LimitReached, "resource", first, "raise the limit")
	}
	d.Options = left
	return d, nil
}

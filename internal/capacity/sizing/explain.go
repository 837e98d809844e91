// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
)

// rule is a check of a size that needs no estimate. apply returns why the size fails it, or "".
type rule struct {
	check capacity.Check
	apply func(r *Request, s capacity.SKU) string
}

// choiceRules hold for sizes that sizing selects by itself, in this order.
var choiceRules = []rule{
	{capacity.CheckUsable, (*Request).Unusable},
	{capacity.CheckPolicy, (*Request).notAllowed},
	{capacity.CheckPolicy, (*Request).notVerified},
	{capacity.CheckPrice, (*Request).notSold},
}

// nodeRules hold for all sizes, also for those that the user names.
var nodeRules = []rule{
	{capacity.CheckArithmetic, (*Request).incapable},
	{capacity.CheckDisk, (*Request).tooLittleDisk},
}

func (r *Request) notAllowed(s capacity.SKU) string {
	if !r.Limits.Allows(s.Name) {
		return "capacity.limits.allowedSizes does not allow it"
	}
	return ""
}

func (r *Request) notVerified(s capacity.SKU) string {
	if s.Unverified != "" && !r.Limits.Names(s.Name) {
		return s.Unverified + "; it is taken when the Workspace or capacity.limits.allowedSizes names it"
	}
	return ""
}

func (r *Request) notSold(s capacity.SKU) string {
	if !r.listPrice(s.Name).Known {
		return "no price in " + r.Region + ": Azure does not offer it there"
	}
	return ""
}

// Admissible returns why no size satisfies the Request, with any nodes, or nil. The error is a
// *capacity.RefusedError.
func (r *Request) Admissible() error {
	_, err := r.admit()
	return err
}

// Explain returns everything that speaks against a size by the rules of Size: without these obstacles, the Option is
// how the Workspace runs there. named tells that the Workspace names the size, which the rules for a choice of sizing
// do not bind. Whether nodes are available is not the matter of this package.
func (r *Request) Explain(s capacity.SKU, named bool) (capacity.Option, []capacity.Obstacle) {
	var out []capacity.Obstacle
	add := func(check capacity.Check, why string) {
		if why != "" {
			out = append(out, capacity.Obstacle{Check: check, Message: why})
		}
	}
	if s.Retired != "" {
		add(capacity.CheckUsable, fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired))
		return capacity.Option{}, out
	}
	if why := r.Unusable(s); why != "" {
		check := capacity.CheckUsable
		if s.ComputeCapability > 0 && s.ComputeCapability < capacity.MinComputeCapability && s.GPUs > 0 {
			check = capacity.CheckArithmetic
		}
		add(check, why)
		return capacity.Option{}, out
	}
	most := mostNodes(s)
	if named {
		add(capacity.CheckPolicy, r.notAllowed(s))
		most = maxNodesPerWorkload
	} else {
		for _, rule := range choiceRules {
			add(rule.check, rule.apply(r, s))
		}
	}
	for _, rule := range nodeRules {
		add(rule.check, rule.apply(r, s))
	}
	_, why := r.estimate(s, s.GPUs, most)
	if why != nil && named {
		if _, _, still := r.fitNamed(s); still == nil { // by less than the full estimate
			why = nil
		}
	}
	if why != nil {
		out = append(out, why.obstacle())
	}
	if len(out) > 0 {
		return capacity.Option{}, out
	}
	if named {
		o, _, _ := r.fitNamed(s)
		return o, nil
	}
	o, _ := r.fit(s, s.GPUs, most)
	return o, nil
}

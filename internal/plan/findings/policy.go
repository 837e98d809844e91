// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/raise"
)

// podPolicy says what section policy.pods refuses.
func podPolicy(r *review, s *subject) {
	for _, d := range r.problems(s,
		diag.PodNotAllowed, diag.SelectorNotAllowed, diag.ServiceAccountNotAllowed, diag.SecretNotAllowed,
		diag.ServiceNotAllowed,
	) {
		text := d.Message
		if d.Field != "" {
			text = d.Field + " " + text
		}
		r.tell(s, plan.PolicyFailed, verdictOf(d), text, d.Hint)
	}
}

// gated says that the weights cannot be downloaded without a token.
func gated(r *review, s *subject) {
	for _, d := range r.problems(s, diag.TokenRequired) {
		r.tell(s, plan.GatedLicence, verdictOf(d), d.Field+" "+d.Message, d.Hint)
	}
}

// quota says by how much quotas are short, with the request that helps, and which are unknown.
func quota(r *review) {
	unknown := false
	for _, q := range r.Plan.Quota {
		if !q.Limit.Known {
			unknown = true
			continue
		}
		r.say(plan.QuotaShort, diag.Fail, q.String()+
			fmt.Sprintf(", %s vCPU short", plan.Thousands(q.Limit.Used+q.Needed-q.Limit.Max)), q.Request(r.Plan.Region))
	}
	asks := r.asksForNodes()
	if asks == 0 || !unknown && (r.Asked.Azure || r.Asked.AzureWhy == "") {
		return
	}
	why := "Azure did not report it"
	if !r.Asked.Azure && r.Asked.AzureWhy != "" {
		why = r.Asked.AzureWhy
	}
	verdict := r.Policy.Changes.UnknownQuota
	r.say(plan.QuotaUnknown, verdict,
		fmt.Sprintf("quota: unknown, %s; the change takes %s vCPU more", why, plan.Thousands(asks)),
		policyHint(verdict, "policy.unknownQuota"))
}

// asksForNodes returns the vCPUs of the nodes that agent pools would get, and 1 at least if they get any.
func (r *review) asksForNodes() int {
	vcpus := 0
	for i := range r.Plan.Changes {
		c := r.Plan.Changes[i].Pool
		if c == nil || c.Desired == nil || c.Op == capacity.Delete || c.Op == capacity.Keep {
			continue
		}
		more := c.Desired.Count
		if c.Live != nil {
			more -= c.Live.Count
		}
		if more > 0 {
			vcpus += max(more*c.Desired.SKU.VCPUs, 1)
		}
	}
	return vcpus
}

// cost says what the fleet costs before and after, and what the policy says about the difference.
func cost(r *review) {
	c, policy := r.Plan.Cost, r.Policy.Changes
	if c.Before == c.After && c.Raise.Known && c.Raise.USD == 0 {
		return
	}
	figures := fmt.Sprintf("cost of all pools %s -> %s, %s -> %s",
		hourly(c.Before), hourly(c.After), monthly(c.Before), monthly(c.After))
	dear := raise.TooMuch(c.Raise, policy)
	switch {
	case !c.Raise.Known:
		verdict := diag.Warn
		if policy.CostDelta == diag.Fail {
			verdict = diag.Fail
		}
		r.say(plan.CostUnknown, verdict, figures+": a price is unknown", policyHint(policy.CostDelta, "policy.costDelta"))
	case c.Raise.USD > 0 && dear && policy.CostDelta != "":
		r.say(plan.CostRaised, policy.CostDelta, figures+"; "+raise.Words(c.Raise, policy),
			policyHint(policy.CostDelta, "policy.costDelta"))
	case c.Raise.USD > 0:
		r.say(plan.CostRaised, diag.Off, figures, "")
	}
}

func hourly(c capacity.Cost) string {
	if !c.Known {
		return "unknown"
	}
	return c.String() + " USD/h"
}

func monthly(c capacity.Cost) string {
	if !c.Known {
		return "unknown"
	}
	return plan.Thousands(int(c.Monthly().USD+0.5)) + " USD/month"
}

// poolsDeleted lists the pools that go, with their nodes.
func poolsDeleted(r *review) {
	for i := range r.Plan.Changes {
		c := r.Plan.Changes[i]
		if c.Pool == nil || c.Pool.Live == nil || c.Pool.Desired != nil && c.Pool.Desired.Count > 0 ||
			c.Op != plan.Delete && c.Op != plan.Update {
			continue
		}
		l := c.Pool.Live
		text := "pool " + l.Name + " is deleted"
		if c.Op == plan.Update {
			text = "pool " + l.Name + " is scaled to zero"
		}
		if l.Count > 0 {
			text += ", with " + nodes(l.Count, l.Size)
		}
		r.out = append(r.out, plan.Finding{
			Workspace: c.Workspace, Kind: plan.PoolDeleted, Verdict: diag.Off, Text: text,
		})
	}
}

// notCompared says what the plan could not be compared with.
func notCompared(r *review) {
	if why := r.Asked.ClusterWhy; !r.Asked.Cluster && why != "" {
		r.say(plan.NotCompared, diag.Off,
			"cluster: unknown, "+why+"; what runs may differ from the base, and the API server may refuse objects", "")
	}
	if why := r.Asked.AzureWhy; !r.Asked.Azure && why != "" && r.asksForNodes() == 0 { // quota says it otherwise
		r.say(plan.NotCompared, diag.Off, "quota: unknown, "+why+"; what Azure refuses is unknown too", "")
	}
}

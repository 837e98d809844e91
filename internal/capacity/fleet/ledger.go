// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/ledger"
)

// limit opens the ledger: rows for all sizes that the plan may ask for, and what is used of each share.
func (p *planner) limit() {
	var families []string
	family := func(f string) {
		if !slices.Contains(families, f) {
			families = append(families, f)
		}
	}
	for i := range p.classes.All {
		family(p.classes.All[i].SKU.Family)
	}
	for i := range p.assignments {
		if s := &p.assignments[i]; s.classes == nil && len(s.options) > 0 { // a named size has no class
			family(s.options[0].SKU.Family)
		}
	}
	var owned []ledger.Nodes
	for name, l := range p.live {
		sku, _ := capacity.LookupSKU(l.Size)
		n := ledger.Nodes{SKU: sku, Priority: l.Priority(), Count: l.Count}
		if l.State.Busy() {
			n.Coming = max(l.Count-len(p.nodes[name]), 0)
		}
		owned = append(owned, n)
	}
	p.ledger = ledger.New(p.prices, p.in.Quota, p.in.Limits, families, owned)
	for i := range p.assignments {
		p.ledger.Divide(p.assignments[i].namespace())
	}
	for i := range p.assignments {
		s := &p.assignments[i]
		if _, bounded := p.ledger.ShareRow(s.namespace()); !bounded {
			continue
		}
		for _, pod := range s.workload.Pods {
			if h := p.hosts[pod.Node]; h != nil && p.live[h.Pool] != nil {
				sku, _ := capacity.LookupSKU(p.live[h.Pool].Size)
				p.takeShare(s, &capacity.Option{SKU: sku, GPUsPerNode: s.workload.GPUs}, 1)
			}
		}
	}
}

// request asks for a number of nodes of an option.
func (s *assignment) request(o *capacity.Option, nodes int) ledger.Request {
	return ledger.Request{
		Namespace: s.namespace(),
		Option:    o,
		Priority:  s.workload.NodePriority(),
		Shared:    s.workload.Shared,
		Nodes:     nodes,
	}
}

// takeShare counts nodes of a Workspace for the share of its namespace.
func (p *planner) takeShare(s *assignment, o *capacity.Option, nodes int) {
	p.ledger.TakeShare(s.request(o, nodes))
}

// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/workspace"
)

// Live is what is known of the cluster and of Azure when two commits are compared. The zero value is nothing.
type Live struct {
	findings.Asked
	State       cluster.State       // if Asked.Cluster
	Pools       []capacity.LivePool // if Asked.Azure
	Quota       capacity.Quota      // if Asked.Azure
	Unavailable unavailable.Offerings
	Now         time.Time
}

// observe adds to the observed state of one side of a comparison what is live. The base starts on the live pools: sizes
// that syncer has chosen stay as they are. The head starts where the base ends, and takes from the quota what it needs
// beyond that. A tuning that is over has no nodes on either side, unless its inputs change.
func (l *Live) observe(seen *desired.Observed, isBase bool) {
	seen.Now = l.Now
	switch {
	case isBase && l.Cluster && l.Azure:
		seen.Pools, seen.State = l.Pools, l.State
	case l.Cluster:
		seen.State.Nodes = append(seen.State.Nodes, outsidePools(l.State.Nodes)...)
		if isBase {
			seen.State.Workloads = ended(l.State.Workloads)
		}
	}
	if l.Cluster {
		seen.NodesKnown = true
	}
	if !isBase && l.Azure {
		seen.Quota, seen.Unavailable = l.Quota, l.Unavailable
	}
}

// ended returns the tunings that are over. All else depends on the pools, which are unknown.
func ended(live map[workspace.Key]cluster.Workload) map[workspace.Key]cluster.Workload {
	out := map[workspace.Key]cluster.Workload{}
	for k, w := range live {
		if w.Ref.Kind == "Job" && (w.Complete || w.Failed) {
			out[k] = cluster.Workload{Ref: w.Ref, Inputs: w.Inputs, Complete: w.Complete, Failed: w.Failed}
		}
	}
	return out
}

// relax returns what is observed, as if Azure granted what the Workspaces without a place need: a reviewer sees what
// the change would do, and by how much the quota is short. changed is false if no Workspace misses quota or capacity.
func relax(seen desired.Observed, d desired.Desired) (_ desired.Observed, changed bool) {
	q := seen.Quota
	if q.Families = maps.Clone(q.Families); q.Families == nil {
		q.Families = map[string]capacity.Limit{}
	}
	for i := range d.Workloads {
		w := d.Workloads[i]
		switch diag.Reason(w.NodeFailure.Reason) {
		case diag.OutOfCapacity:
			seen.Unavailable, changed = unavailable.Offerings{}, true
		case diag.QuotaExceeded:
			if len(w.Demand.Options) > 0 {
				grant(&q, w.Demand.Options[0], w.Workspace.Spot())
				changed = true
			}
		}
	}
	seen.Quota = q
	return seen, changed
}

// grant raises the quotas by what an option takes from them.
func grant(q *capacity.Quota, o capacity.Option, spot bool) {
	vcpus := o.Nodes * o.SKU.VCPUs
	if spot {
		q.Spot.Max += vcpus
		return
	}
	q.Regional.Max += vcpus
	family := strings.ToLower(o.SKU.Family)
	if offer := q.Offers[strings.ToLower(o.SKU.Name)]; offer.Family != "" {
		family = strings.ToLower(offer.Family)
	}
	l := q.Families[family]
	l.Max += vcpus
	q.Families[family] = l
}

// outsidePools returns the nodes that are in no agent pool.
func outsidePools(nodes []cluster.Node) []cluster.Node {
	var out []cluster.Node
	for _, n := range nodes {
		if n.Pool == "" {
			out = append(out, n)
		}
	}
	return out
}

// judge adds to a comparison of two commits what the cluster and Azure say, and the findings.
func (e *Engine) judge(ctx context.Context, p *plan.Plan, before, after plan.Side) error {
	live := &e.settings.Live
	if live.Azure {
		p.CheckQuota(live.Quota.In(e.settings.Policy.Limits.Zones))
	}
	if live.Cluster && e.cluster != nil {
		if err := e.dryRun(ctx, p); err != nil {
			return fmt.Errorf("dry run: %w", err)
		}
	}
	p.Findings = findings.Of(findings.Input{
		Plan:        p,
		Policy:      e.settings.Policy,
		Desired:     &after.Desired,
		Before:      before.Set,
		After:       after.Set,
		Workloads:   live.State.Workloads,
		Unavailable: live.Unavailable,
		Now:         live.Now,
		Asked:       live.Asked,
	})
	return nil
}

// dryRun asks the API server about each object that the plan creates or changes, and notes what it refuses.
func (e *Engine) dryRun(ctx context.Context, p *plan.Plan) error {
	var objects []*unstructured.Unstructured
	var at []int
	for i := range p.Changes {
		c := p.Changes[i]
		if c.Object != nil && (c.Op == plan.Create || c.Op == plan.Update || c.Op == plan.Replace) {
			objects, at = append(objects, c.Object), append(at, i)
		}
	}
	if len(objects) == 0 {
		return nil
	}
	previews, err := e.cluster.Preview(ctx, objects)
	if err != nil {
		return err
	}
	for i, preview := range previews {
		if preview.Err != nil {
			c := p.Changes[at[i]]
			c.Op, c.Reason, c.Refused = plan.Hold, preview.Err.Error(), true
		}
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired/livenodes"
	"syncer.dev/syncer/internal/desired/offers"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Arrange plans the nodes of all Workloads together, and sets for each where it runs.
func (AgentPools) Arrange(workloads []*Workload, set *workspace.Set, policy Policy, seen Observed) fleet.Result {
	in := fleet.Input{
		Cluster:         policy.Cluster,
		Region:          policy.Region,
		Pools:           seen.Pools,
		Nodes:           livenodes.Of(seen.State),
		Quota:           seen.Quota,
		Unavailable:     offers.Availability{Offerings: seen.Unavailable, Quota: seen.Quota},
		Unprovisionable: seen.Unprovisionable,
		Now:             seen.Now,
		Limits:          policy.Limits,
		Preemption:      policy.Preemption,
		Explain:         seen.Explain,
	}
	in.Eventual = seen.Eventual || !seen.Live && len(in.Nodes) == 0
	in.Prices = func(size string, priority capacity.Priority) capacity.Cost {
		return policy.Prices.Price(policy.Region, size, priority)
	}
	follows := policy.fleet != nil && policy.fleet.Len() > 0 && !policy.same.none()
	var gone []workspace.Key
	if follows {
		gone = policy.same.gone(workloads)
	}
	for i, w := range workloads {
		switch {
		case w.Stays() && len(w.Blocked) == 0:
			gone = append(gone, w.Key)
		case len(w.Blocked) > 0 || len(w.Demand.Options) == 0:
			in.Reserved, gone = append(in.Reserved, livenodes.Reserve(w.Key, seen.State)...), append(gone, w.Key)
		case !follows || !policy.same.needs(i, w):
			in.Workloads = append(in.Workloads, w.need(seen))
		}
	}
	if seen.Eventual { // by then, Workspaces that the source no longer has are gone
		livenodes.Leave(in.Nodes, set, seen.State)
	}
	if len(seen.Unavailable.Entries) == 0 {
		in.Now = time.Time{} // only what is unavailable depends on it
	}
	var f fleet.Result
	bound := func(k workspace.Key) (b fleet.Binding, ok bool) { b, ok = f.Bindings[k]; return b, ok }
	if policy.fleet == nil {
		f = fleet.Plan(in)
	} else {
		f, bound = policy.fleet.Plan(in, gone), policy.fleet.Binding
	}
	bindAll(workloads, f, bound, set, policy, seen)
	f.Bindings = nil // each Workload has its own
	return f
}

// bindAll places the Workloads as the fleet decided.
func bindAll(
	workloads []*Workload, f fleet.Result, binding func(workspace.Key) (fleet.Binding, bool),
	set *workspace.Set, policy Policy, seen Observed,
) {
	pools := map[string]*capacity.Pool{}
	for i := range f.Pools {
		pools[f.Pools[i].Name] = &f.Pools[i]
	}
	samePools := policy.same.pools(f.Pools)
	for i, w := range workloads {
		no, unplaced := f.Unplaced[w.Key]
		b, bound := binding(w.Key)
		if was := policy.same.arranged(i, w); was != nil && len(f.Verdicts) == 0 && !unplaced && was.no == nil && bound &&
			sameBinding(&was.Binding, &b) && samePools[b.Pool] {
			workloads[i] = was
			continue
		}
		if was := policy.same.arranged(i, w); was != nil && w.Stays() {
			workloads[i] = was
			continue
		}
		w = policy.same.copied(w)
		workloads[i] = w
		if w.Stays() {
			continue
		}
		if len(w.Blocked) == 0 {
			w.considered(f.Verdicts[w.Key], set, policy, seen)
		} else if w.explains {
			w.Sizes = w.rejections(set, policy)
		}
		if unplaced {
			w.unplace(cluster.Failure{Reason: string(no.Reason), Message: no.Message})
			w.Behind, w.More, w.no = no.Behind, no.More, &no
		}
		if bound {
			w.bind(b, pools[b.Pool], policy)
		}
	}
}

// unplace makes the Workspace wait for a place.
func (w *Workload) unplace(why cluster.Failure) {
	w.Unplaced, w.Waiting, w.NodeFailure = true, why.Message, why
}

// bind places a Workload as the fleet decided.
func (w *Workload) bind(b fleet.Binding, pool *capacity.Pool, policy Policy) {
	o := b.Option
	w.Binding = b
	w.Pool = pool
	if pool == nil { // it runs on a pool that it will leave, or on none
		w.Pool = &capacity.Pool{
			Name:       b.Pool,
			SKU:        o.SKU,
			Count:      o.Nodes,
			Spot:       w.Workspace.Spot(),
			HourlyCost: b.Cost,
		}
		if w.Workspace.Suspended() || w.Finished || b.Yields != "" {
			w.Pool.Count, w.Pool.HourlyCost = 0, capacity.Cost{Known: true}
		}
	}
	switch {
	case b.Hold != "": // which says what the reason does
		w.unplace(cluster.Failure{Reason: string(diag.Moving), Message: b.Hold})
	case b.Next != "":
		w.Notes = append(w.Notes, b.Reason)
	}
	w.Placement = placementOf(*o)
	w.Placement.Pool, w.Placement.Spot = b.Pool, w.Workspace.Spot()
	if b.Yields != "" {
		w.Placement.Paused = true
		w.NodeFailure = cluster.Failure{Reason: string(diag.Preempted), Message: b.Yields}
	}
	if !w.automatic() { // the nodes of a shared pool have no labels of a Workspace
		w.Placement.NodeLabels = w.Workspace.NodeLabels()
	}
}

// last is later than any time at which a Workspace was first seen.
var last = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// need returns the facts about a Workload that the plan of the fleet depends on.
func (w *Workload) need(seen Observed) fleet.Workload {
	s, ws := seen.State, w.Workspace
	auto := w.automatic()
	n := fleet.Workload{
		Workspace: w.Key,
		Demand:    w.Demand,
		Automatic: auto || w.Demand.Substituted != "",
		Shared:    auto,
		Set:       w.set(),
		Labels:    ws.NodeLabels(),
		Tuning:    ws.Tuning != nil,
		Spot:      ws.Spot(),
		OSSKU:     ws.OSSKU(),
		DiskGiB:   w.diskGiB,
		Priority:  w.Priority,
		FirstSeen: seen.FirstSeen[w.Key],
		Digest:    ws.Digest,
	}
	switch {
	case ws.Suspended():
		n.Idle = "suspended: no nodes"
	case w.Finished:
		n.Idle = "the job is over: no nodes"
	}
	live, ok := s.Workloads[w.Key]
	if !ok {
		if seen.Last[w.Key] != "" {
			n.Priority, n.FirstSeen = workspace.Low, last
		}
		return n
	}
	n.Pool, n.GPUs, n.Paused = live.Pool, int(live.GPUs), live.Paused()
	for _, p := range live.Pods {
		if p.Node != "" && !p.Ended() {
			n.Pods = append(n.Pods, fleet.Pod{Name: p.Name, Node: p.Node})
		}
	}
	return n
}

// automatic reports whether syncer chooses the size.
func (w *Workload) automatic() bool {
	size := w.Workspace.Resource.InstanceType
	return size == "" || size == "auto"
}

// set returns the InferenceSet with whose replicas the Workspace shares a pool, or "". A template of the user's own may
// ask for no GPUs, and two of them would meet on one node.
func (w *Workload) set() string {
	if w.automatic() || w.Workspace.PresetName() == "" {
		return ""
	}
	return w.Workspace.InferenceSet
}

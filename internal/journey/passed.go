// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// passed is the outcome of a pass, sorted by what spans are about.
type passed struct {
	o                 reconcile.Outcome
	now               time.Time
	continues         bool // what another process has begun
	reports, previous map[workspace.Key]*status.Report
	written           map[workspace.Key]map[cluster.Result]int // objects, by what became of them
	failures          map[workspace.Key]string                 // the first of a Workspace
	pools             map[workspace.Key]string                 // agent pool of a Workspace
	ready             map[string]int                           // nodes with GPUs, by agent pool; nil: not counted yet
}

func newPassed(o reconcile.Outcome, now time.Time) *passed {
	p := &passed{
		o: o, now: now, reports: byKey(o.Reports), previous: byKey(o.Previous),
		written: map[workspace.Key]map[cluster.Result]int{}, failures: map[workspace.Key]string{},
		pools: make(map[workspace.Key]string, len(o.Plan.Workspaces)),
	}
	for i := range o.Plan.Workspaces {
		p.pools[o.Plan.Workspaces[i].Key] = o.Plan.Workspaces[i].Pool
	}
	if len(o.Changes) > 0 {
		p.sort()
	}
	return p
}

func byKey(reports []*status.Report) map[workspace.Key]*status.Report {
	out := make(map[workspace.Key]*status.Report, len(reports))
	for _, r := range reports {
		out[r.Key] = r
	}
	return out
}

// sort sorts the results of writes by Workspaces.
func (p *passed) sort() {
	owners := map[cluster.Ref]workspace.Key{}
	for _, c := range p.o.Plan.Changes {
		switch {
		case c.Object != nil && c.Op != plan.NoOp:
			owners[unversioned(cluster.RefOf(c.Object))] = c.Workspace
		case c.Live != nil:
			owners[unversioned(c.Live.Ref)] = c.Workspace
		}
	}
	for _, e := range p.o.Changes {
		key := owners[unversioned(e.Ref)]
		if e.Result == cluster.Unchanged {
			continue
		}
		if p.written[key] == nil {
			p.written[key] = map[cluster.Result]int{}
		}
		p.written[key][e.Result]++
		if e.Result == cluster.Failed && e.Err != nil && p.failures[key] == "" {
			p.failures[key] = diag.EscapeText(fmt.Sprintf("%s: %v", e.Ref, e.Err))
		}
	}
}

func unversioned(r cluster.Ref) cluster.Ref { r.Version = ""; return r }

// writes reports whether the pass has written objects, or to pools.
func (p *passed) writes() bool { return len(p.written) > 0 || p.o.PoolWrites > 0 }

// ran returns the last run of a step in the pass.
func (p *passed) ran(s reconcile.Step) (reconcile.Ran, bool) {
	var found reconcile.Ran
	for _, r := range p.o.Ran {
		if r.Step == s {
			found = r
		}
	}
	return found, found.Step == s
}

// acted returns when the pass began and ended to write: what is written is written side by side.
func (p *passed) acted() (began, ended time.Time) {
	began, ended = p.now, p.now
	if r, ok := p.ran(reconcile.StepPlan); ok {
		began = r.Ended
	}
	if r, ok := p.ran(reconcile.StepApply); ok {
		began, ended = r.Began, r.Ended
		for _, other := range p.o.Ran {
			if other.Step == reconcile.StepApply && other.Began.Before(began) {
				began = other.Began
			}
		}
	} else if r, ok := p.ran(reconcile.StepRecord); ok {
		ended = r.Began
	}
	return began, ended
}

// result returns what the way to a Workspace has come to: Done, Broken, or "" if it has not ended. A pass that writes
// for a Workspace has not seen yet what becomes of that.
func (p *passed) result(r *status.Report) string {
	switch {
	case r.Failing():
		return Broken
	case r.DesiredCommit != "" || len(p.written[r.Key]) > 0 || unmet(r, status.Applied) != "":
		return ""
	case serves(r.State), unmet(r, status.InferenceReady) == string(diag.Suspended):
		return Done
	}
	return ""
}

// serves reports whether a state is one that a Workspace is to reach.
func serves(s status.State) bool {
	return s == status.Ready || s == status.Running || s == status.Succeeded
}

// unmet returns the reason of a condition that is False, or "".
func unmet(r *status.Report, kind string) string {
	for _, c := range r.Conditions {
		if c.Type == kind && c.Status == "False" {
			return c.Reason
		}
	}
	return ""
}

// reasonOf returns why a Workspace is not at its end: the reason of Applied, or of the first condition that is False.
func reasonOf(r *status.Report) string {
	if reason := unmet(r, status.Applied); reason != "" {
		return reason
	}
	for _, c := range r.Conditions {
		if c.Status == "False" {
			return c.Reason
		}
	}
	return ""
}

// phaseOf returns the part of the way on which a Workspace is.
func phaseOf(r *status.Report) string {
	switch reason := unmet(r, status.Applied); {
	case reason == status.RolloutWaiting || reason == status.RolloutStopped || reason == status.DependencyNotReady:
		return NameRollout
	case reason != "" || r.DesiredCommit != "":
		return NameWait
	}
	return NameHealth
}

// sinceOf returns when the condition that sums a Workspace up last changed, if it is False.
func sinceOf(r *status.Report) time.Time {
	for _, c := range r.Conditions {
		if c.Type == status.WorkspaceSucceeded && c.Status == "False" {
			return c.LastTransitionTime
		}
	}
	return time.Time{}
}

// poolState is what a pass knows of a pool that a Workspace waits for.
type poolState struct {
	name, op, size, state string
	nodes                 int
	since                 time.Time // of the last write to it; zero if that is not known
	pending               bool      // it is being made, or changed, or not all its nodes are ready
}

// pool returns the state of the nodes of a Workspace: its agent pool, or its NodePool. ok is false if it has none.
func (p *passed) pool(key workspace.Key) (s poolState, ok bool) {
	if name := p.pools[key]; name != "" {
		return p.agentPool(name)
	}
	for i := range p.o.Seen.State.NodePools {
		n := &p.o.Seen.State.NodePools[i]
		if n.Workspace != key || n.Deleting {
			continue
		}
		s = poolState{name: n.Name, op: string(capacity.Create), state: n.NotReady.Reason, nodes: len(n.Claims)}
		s.pending = len(n.Claims) == 0
		for _, c := range n.Claims {
			s.pending = s.pending || !c.Ready
		}
		return s, true
	}
	return s, false
}

func (p *passed) agentPool(name string) (s poolState, ok bool) {
	s.name = name
	for i := range p.o.Seen.Pools {
		live := &p.o.Seen.Pools[i]
		if live.Name == name && live.Owned {
			ok, s.size, s.state, s.nodes = true, live.Size, string(live.State), live.Count
			s.since = live.Changed
			s.pending = live.State != capacity.Succeeded || live.Count > p.readyIn(name)
		}
	}
	for _, c := range p.o.Plan.Changes {
		if c.Pool == nil || c.Pool.Name != name || c.Op == plan.NoOp || c.Op == plan.Hold || c.Pool.Desired == nil {
			continue
		}
		ok, s.op, s.pending = true, string(c.Pool.Op), true
		s.size, s.nodes = c.Pool.Desired.SKU.Name, c.Pool.Desired.Count
	}
	return s, ok
}

func (p *passed) readyIn(pool string) int {
	if p.ready == nil {
		p.ready = map[string]int{}
		for i := range p.o.Seen.State.Nodes {
			if n := &p.o.Seen.State.Nodes[i]; n.Ready && n.GPUs > 0 {
				p.ready[n.Pool]++
			}
		}
	}
	return p.ready[pool]
}

// about returns the attributes of a span about a Workspace; none for the zero Key.
func about(key workspace.Key) []Attribute {
	if key == (workspace.Key{}) {
		return nil
	}
	return []Attribute{{KeyWorkspace, diag.EscapeText(key.String())}, {KeyNamespace, diag.EscapeText(key.Namespace)}}
}

// counts returns the attributes that count objects by what became of them.
func counts(written map[cluster.Result]int) []Attribute {
	var out []Attribute
	for _, r := range []cluster.Result{
		cluster.Created, cluster.Configured, cluster.Replaced, cluster.Deleted, cluster.Skipped, cluster.Failed,
	} {
		if n := written[r]; n > 0 {
			out = append(out, Attribute{"syncer.objects." + strings.ToLower(string(r)), n})
		}
	}
	return out
}

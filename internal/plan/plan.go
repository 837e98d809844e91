// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/plan/cause"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// Op is the operation of a change, in Terraform's words.
type Op string

// The operations.
const (
	Create  Op = "create"
	Update  Op = "update"
	Replace Op = "replace" // delete, then create
	Delete  Op = "delete"
	NoOp    Op = "no-op"
	Hold    Op = "hold" // due, but waits; Reason says why
)

// Plan is all changes, and their reasons.
type Plan struct {
	Cluster string
	Base    string // commit before the changes, or Live
	Head    string // commit after the changes
	// Workspaces has one entry for each Workspace of Base or Head, in the order of their keys.
	Workspaces []*Workspace
	// Changes are the steps: pools, then objects, then deletions.
	Changes  []*Change
	Problems []diag.Diagnostic
	// Warnings report held changes and unknown facts, as text.
	Warnings []string
	// Findings are what a reviewer must be told, those that block first, then by Workspace.
	Findings []Finding
	Cost     CostChange
	Quota    []pools.QuotaExceeded
	Guard    Guard // objects and pools that syncer must keep
	// Region is that of the quota, and PricesDate the day of the prices, "2026-06-18"; "" if unknown.
	Region     string
	PricesDate string

	lasts lasts
}

// Shortages returns the quotas that the plan exceeds, with what to ask Azure for.
func (p *Plan) Shortages() []string {
	var out []string
	for _, s := range p.Quota {
		text := "short of " + s.String()
		if ask := s.Request(p.Region); ask != "" {
			text += "; " + ask
		}
		out = append(out, text)
	}
	return out
}

// CheckQuota compares what the plan asks for with a quota. It holds nothing.
func (p *Plan) CheckQuota(q capacity.Quota) {
	var changes []capacity.PoolChange
	for i := range p.Changes {
		if c := p.Changes[i].Pool; c != nil {
			changes = append(changes, *c)
		}
	}
	p.Quota = pools.CheckQuota(changes, q)
}

// Live is the Base of a plan that compares with the cluster.
const Live = "live"

// Workspace is the sum of the changes for one Workspace.
type Workspace struct {
	Key          workspace.Key
	Op           Op
	Source       string
	Preset       string
	Model        desired.Model
	InstanceType string
	Nodes        int
	GPUs         int
	HourlyCost   capacity.Cost
	// Pool is its agent pool, Shared whether other Workspaces may use the pool, and Reason why it has this pool.
	Pool   string
	Shared bool
	Reason string
	// Priority is that after the cap of its namespace.
	Priority workspace.Priority
	// Unplaced is why it is pending; its live objects stay. WaitsFor are Workspaces that go before it, the first few.
	Unplaced string
	Refused  bool // with Unplaced: no place will come by itself
	WaitsFor []capacity.Ahead
	// Sizes are the verdicts on the sizes that were considered for nodes that it does not have yet.
	Sizes []capacity.Verdict
	// GivesWay is the Workspace to which it gives up its nodes; zero for none. Interrupts are those that give up theirs
	// for this one.
	GivesWay   workspace.Key
	Interrupts []workspace.Key
	Notes      []string
	// Blocked are the errors of the Workspace. syncer changes nothing for it.
	Blocked []string

	// Before and After are what a reviewer compares. After is what it has once the plan is carried out, and without the
	// policies that hold it; that of a Workspace that stays as it is equals Before.
	Before, After Values
	// Interrupted reports that it serves, and would stop: for a while, or for good.
	Interrupted bool
	// Held is why nothing of it changes although it would: a policy holds it, it is not reviewed, or it waits for one
	// that is held. It is "" otherwise.
	Held string
	// HeldBy is what ends Held.
	HeldBy hold.By

	// Uses are changes to objects of the repository that belong to no Workspace, and that its pods use. Its own objects
	// may stay as they are meanwhile.
	Uses []string

	gone bool // it is no longer desired

	// Digest is what reviews are kept under: that of its inputs, and for Delete that of what is deleted. It is "" if it
	// is not known, and for a Workspace without changes.
	Digest string
	// Place is where it will run, once all steps are carried out; the zero value for Delete and for one that waits.
	Place reviewed.Shown
}

// Change is one step of a plan: one pool or one object.
type Change struct {
	Workspace workspace.Key // zero for objects that belong to no Workspace
	Op        Op
	Target    string // "Pool/wphi4x7k2m9" or "StatefulSet/phi-4"
	Namespace string // of an object
	Reason    string
	// Fields are the paths of the fields that differ, and Texts has the same with their values, and a unified diff;
	// secrets are redacted. All are empty for pools, for NoOp, and where only the notes of syncer on the object differ.
	Fields  []string
	Texts   diff.Texts
	Cost    capacity.Cost
	Refused bool        // with Hold: the API server refuses the object
	Later   bool        // with Hold: the step follows by itself, once a pod has ended
	Held    bool        // with Hold: the object belongs to a Workspace that is Held
	Cause   cause.Cause // of an Update or Replace of a live object

	Pool   *capacity.PoolChange       // set for a pool
	Object *unstructured.Unstructured // desired object; nil for a pool and for Delete
	Live   *cluster.Object            // set for the Delete of an object
}

// CostChange is the price per hour of all pools, before and after.
type CostChange struct {
	Before capacity.Cost
	After  capacity.Cost
	// Raise is by how much the change makes the fleet dearer in the end: without nodes that are only there until a
	// Workspace has moved, and without those that only come back. It is negative if the fleet gets cheaper.
	Raise capacity.Cost
}

// Counts counts the Changes by operation.
func (p *Plan) Counts() map[Op]int {
	n := map[Op]int{}
	for _, c := range p.Changes {
		n[c.Op]++
	}
	return n
}

// Refused counts what does not become true by itself: Workspaces with errors, without a place or against a policy,
// objects that the API server refuses, errors that belong to no Workspace, and findings that block the plan as a whole.
func (p *Plan) Refused() int {
	blocked := map[workspace.Key]bool{}
	for i := range p.Workspaces {
		if w := p.Workspaces[i]; len(w.Blocked) > 0 || w.Refused || w.Held != "" && !w.HeldBy.Passes() {
			blocked[w.Key] = true
		}
	}
	n := 0
	for i := range p.Findings {
		switch f := &p.Findings[i]; {
		case f.Verdict != diag.Fail:
		case f.Workspace == (workspace.Key{}):
			n++
		default:
			blocked[f.Workspace] = true
		}
	}
	n += len(blocked)
	for i := range p.Changes {
		if p.Changes[i].Refused {
			n++
		}
	}
	for _, d := range p.Problems {
		if d.Severity == diag.Error && d.Workspace == (workspace.Key{}) {
			n++
		}
	}
	return n
}

// Empty reports whether the plan has no step to carry out.
func (p *Plan) Empty() bool {
	for _, c := range p.Changes {
		if c.Op != NoOp && c.Op != Hold {
			return false
		}
	}
	return true
}

// ofOne reports whether the change belongs to one Workspace.
func (c *Change) ofOne() bool {
	_, set := capacity.SetOf(c.Workspace)
	return c.Workspace != (workspace.Key{}) && !set
}

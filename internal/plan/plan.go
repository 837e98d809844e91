// Package plan holds the central value: all that would change, and why.
//
// Desire works out what every Workspace asks for; Make compares that with what is live, or with another commit. Both are
// pure, so that the answer on the command line, in a pull request and in the loop that acts on it is the same by
// construction. Whatever cannot be known is said to be unknown, never assumed to be fine.
package plan

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Op is what happens to something, in Terraform's words.
type Op string

// The operations.
const (
	Create  Op = "create"
	Update  Op = "update"
	Replace Op = "replace" // delete, then create
	Delete  Op = "delete"
	NoOp    Op = "no-op"
	Hold    Op = "hold" // would change, but is held back; Reason says why
)

// Plan is all that would change, and why.
type Plan struct {
	Cluster string
	Base    string // commit that is compared with, or Live
	Head    string // commit that is planned
	// Workspaces has one entry for each Workspace of Base or Head, in the order of their keys.
	Workspaces []Workspace
	// Changes are the steps in the order in which they are taken: pools first, then objects, then deletions.
	Changes  []Change
	Problems []workspace.Problem
	// Warnings say in plain words what was held back, and what could not be known.
	Warnings []string
	Cost     CostChange
	Quota    []capacity.Shortfall
	Guard    Guard // what must not be deleted
}

// Live is the Base of a plan that compares with the cluster.
const Live = "live"

// Workspace is what the plan does for one Workspace.
type Workspace struct {
	Key          workspace.Key
	Op           Op
	Source       string
	Preset       string
	InstanceType string
	Nodes        int
	GPUs         int
	HourlyCost   capacity.Cost
	// Pool is the agent pool on which it runs, Shared whether others may run there as well, and Reason why there.
	Pool   string
	Shared bool
	Reason string
	// Unplaced is why there is no place for it now; what is live for it stays.
	Unplaced string
	Notes    []string
	// Blocked are the errors for which nothing is done for the Workspace.
	Blocked []string
}

// Change is one step of a plan: one pool or one object.
type Change struct {
	Workspace workspace.Key // zero for objects that belong to no Workspace
	Op        Op
	Target    string // "Pool/wphi4x7k2m9" or "StatefulSet/phi-4"
	Namespace string // of an object
	Reason    string
	Fields    []string // what differs, as field paths
	Diff      string   // unified diff with secrets redacted; empty for pools and for NoOp
	Cost      capacity.Cost
	Later     bool // with Hold: only until something has ended, which takes no more than time

	Pool   *capacity.PoolChange       // set for a pool
	Object *unstructured.Unstructured // desired object; nil for a pool and for Delete
	Live   *cluster.Object            // set for the Delete of an object
}

// CostChange is the price per hour of all pools, before and after.
type CostChange struct {
	Before capacity.Cost
	After  capacity.Cost
}

// Counts counts the Changes by operation.
func (p *Plan) Counts() map[Op]int {
	n := map[Op]int{}
	for _, c := range p.Changes {
		n[c.Op]++
	}
	return n
}

// Empty reports whether nothing would change.
func (p *Plan) Empty() bool {
	for _, c := range p.Changes {
		if c.Op != NoOp && c.Op != Hold {
			return false
		}
	}
	return true
}

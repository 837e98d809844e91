// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// The question that Plan answers.
type (
	// Input is everything that Plan decides on. Now is its only clock.
	Input = question.Input
	// Workload is the input of the planner for one Workspace.
	Workload = question.Workload
	// Pod is a bound pod of a Workspace.
	Pod = question.Pod
	// Node is a node of an agent pool.
	Node = question.Node
	// Reservation reserves GPUs on a pool for a Workspace whose file has errors.
	Reservation = question.Reservation
	// Offerings reports what recent refusals by Azure say about a size.
	Offerings = question.Offerings
)

// Result is the plan for all nodes of a cluster: the desired pools, and the pool of each Workspace.
type Result struct {
	Pools    []capacity.Pool // sorted by name
	Bindings map[workspace.Key]Binding
	Unplaced map[workspace.Key]Unplaced
	// Optimal reports that the search proved its solution cheapest, given the fixed assignments.
	Optimal bool
	// Verdicts are what speaks against each option of a Workspace that does not run: the first ones in the order in which
	// they are served, those without a place before the others.
	Verdicts map[workspace.Key][]capacity.Verdict
}

// Binding is the placement of a Workspace.
type Binding struct {
	Pool   string
	Option *capacity.Option // one of its Demand, or a copy; nil for none
	Shared bool
	Cost   capacity.Cost // its share of the price of its nodes, by GPUs
	Reason string        // for users
	// Next is the pool to which the Workspace moves once the GPUs there are allocatable; "" when it stays.
	Next string
	// Yields, when not empty, is why the Workspace gives up its nodes: Plan has given them to To, a higher priority.
	Yields string
	To     workspace.Key
	// Takes are the Workspaces that give up their nodes for this one.
	Takes []workspace.Key
	// Hold, when not empty, is why the live objects of the Workspace stay unchanged: no option fits the pool on which it
	// still runs, so they do not render for that pool.
	Hold string
}

// Nodes returns the nodes of the Option, and 0 for none.
func (b *Binding) Nodes() int {
	if b.Option == nil {
		return 0
	}
	return b.Option.Nodes
}

// GPUsPerNode returns that of the Option, and 0 for none.
func (b *Binding) GPUsPerNode() int {
	if b.Option == nil {
		return 0
	}
	return b.Option.GPUsPerNode
}

// Unplaced is why a Workspace has no nodes, and what the user can do.
type Unplaced struct {
	Reason  diag.Reason // NoSize, QuotaExceeded, LimitReached, OutOfCapacity, TooManyPools or TooManyNodes
	Message string
	// Behind are Workspaces that have what it waits for and go before it, the first three; More counts the others.
	Behind []capacity.Ahead
	More   int
}

// What moving a server costs. Both nodes are paid for while the new node starts and loads the model: AKS takes 5 to 7
// minutes for a pool, images and weights take up to 20. moveCostUSD prices the restart that clients may notice.
const (
	moveTime    = 30 * time.Minute
	moveCostUSD = 2.0
)

// Plan decides the nodes of a cluster and the pool of each Workspace. It is pure: the same input gives the same plan,
// and the plan of its own outcome has no changes.
//
// First, running Workspaces stay while they fit. Then Workspaces with a named size get a pool of their own, and the
// rest is packed so that the fleet costs least, within quota, limits and available offerings. If not all find a place,
// they are served one after another, by capacity.Standing; with Preemption, Workspaces of a lower priority then give up
// what they have. At last, servers move where a move pays back. Names decide nothing.
func Plan(in Input) Result {
	p := planned(in)
	if in.Preemption {
		p = p.preempt()
	}
	p.explain()
	verdicts := p.verdicts()
	p.improve()
	f := p.result()
	f.Verdicts = verdicts
	return f
}

// planned returns the planner after every Workspace has its place, or none.
func planned(in Input) *planner {
	p := newPlanner(in)
	p.bind()
	p.place()
	return p
}

// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Workload is the input of the planner for one Workspace.
type Workload struct {
	Workspace workspace.Key
	Demand    capacity.Demand
	// Automatic lets the planner choose among all Options; otherwise the user named the first one.
	Automatic bool
	// Shared allows sharing nodes and pools with other Workspaces: the user named neither a size nor nodes. A Workload
	// that is not Shared gets a pool of its own, with its Labels on the nodes.
	Shared bool
	Set    string // the InferenceSet whose replicas share one pool; "" for none
	Labels map[string]string
	Tuning bool
	Idle   string // why it takes no GPUs now, such as "suspended"; empty while it takes some
	Spot   bool
	OSSKU  string // Ubuntu or AzureLinux

	Priority  workspace.Priority // after the cap of its namespace
	FirstSeen time.Time          // by the status branch; zero if it is new
	Digest    string             // of its content, without its name

	DiskGiB int // that it needs on each of its nodes

	// Pool is the agent pool that its live StatefulSet or Job requires, GPUs the request of each pod; "" and 0 without
	// one.
	Pool string
	GPUs int
	// Paused reports that the live StatefulSet or Job asks for no pods, and none is left.
	Paused bool
	// Pods are its bound, unfinished pods.
	Pods []Pod
}

func (w *Workload) priority() capacity.Priority { return capacity.PriorityOf(w.Spot) }

// Pod is a bound pod of a Workspace.
type Pod struct{ Name, Node string }

// Node is a node of an agent pool.
type Node struct {
	Name, Pool string
	Ready      bool // the node is Ready and its GPUs are allocatable
	GPUs       int
	Used       int // GPUs requested by unfinished pods, managed or not
	Pods       int // unfinished pods, managed or not, without those of DaemonSets
}

// Reservation reserves GPUs on a pool for a Workspace whose file has errors: the plan leaves it as it is.
type Reservation struct {
	Pool        string
	Nodes, GPUs int // number of nodes, and GPUs on each of them
}

// Offerings reports what recent refusals by Azure say about a size. unavailable.Offerings is one.
type Offerings interface {
	// Blocked reports whether the size is unavailable, why, and until when. The zero time means that only a user can
	// change that.
	Blocked(sku capacity.SKU, priority capacity.Priority, now time.Time) (reason string, until time.Time, ok bool)
	// Chance estimates how likely Azure grants the size, from 0 to 1.
	Chance(sku capacity.SKU, priority capacity.Priority, now time.Time) float64
	// Code returns Azure's code for a blocked size, or "".
	Code(sku capacity.SKU, priority capacity.Priority, now time.Time) string
	// Dropped returns the constraints without which a request for the size is more likely to succeed.
	Dropped(sku capacity.SKU, priority capacity.Priority, now time.Time) []unavailable.Constraint
}

// Input is everything that Plan decides on. Now is its only clock.
type Input struct {
	Cluster     string // name of this cluster in the configuration
	Region      string
	Workloads   []Workload // in any order
	Pools       []capacity.LivePool
	Nodes       []Node
	Reserved    []Reservation
	Quota       capacity.Quota
	Limits      capacity.Limits
	Unavailable Offerings // nil blocks nothing
	// Unprovisionable has the pools that have no node and will get none, because their offering is unavailable.
	Unprovisionable map[string]bool
	Now             time.Time
	// Horizon is the time over which the saving of a move counts; DefaultHorizon if 0.
	Horizon time.Duration
	// Eventual plans the end state, as if new pools were ready at once.
	Eventual bool
	// Prices returns the price of a node; nil for that of the embedded list.
	Prices func(size string, priority capacity.Priority) capacity.Cost
	// Preemption lets Workspaces with nodes give them up for a higher priority that finds no place.
	Preemption bool
	// Explain asks for Result.Verdicts.
	Explain bool
}

// DefaultHorizon is the time over which the saving of a move counts. Fleets change every few hours; a move that has not
// paid back by then may never pay back.
const DefaultHorizon = 6 * time.Hour

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
	f, _ := plan(in)
	return f
}

// plan is Plan; order is that in which the Workloads are served.
func plan(in Input) (f Result, order []int) {
	p := planned(in)
	if in.Preemption {
		p = p.preempt()
	}
	p.explain()
	verdicts := p.verdicts()
	p.improve()
	f = p.result()
	f.Verdicts = verdicts
	return f, p.order
}

// planned returns the planner after every Workspace has its place, or none.
func planned(in Input) *planner {
	p := newPlanner(in)
	p.bind()
	p.place()
	return p
}

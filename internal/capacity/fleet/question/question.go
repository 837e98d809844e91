// SPDX-License-Identifier: Apache-2.0

package question

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
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

// Input is everything that fleet.Plan decides on. Now is its only clock.
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
	// Explain asks for fleet.Result.Verdicts.
	Explain bool
}

// DefaultHorizon is the time over which the saving of a move counts. Fleets change every few hours; a move that has not
// paid back by then may never pay back.
const DefaultHorizon = 6 * time.Hour

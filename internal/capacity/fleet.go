package capacity

import (
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// Need is one Workspace, as the planner of the fleet sees it.
type Need struct {
	Workspace workspace.Key
	Demand    Demand
	// Automatic says that the choice among all Options is ours; otherwise the first one is what the user named.
	Automatic bool
	// Shared says that nodes and pools may be shared with other Workspaces: the user named neither a size nor nodes. Others get
	// a pool of their own, with their labels on its nodes.
	Shared  bool
	Set     string // the InferenceSet that it shares a pool of its own with; "" for none
	Labels  map[string]string
	Tuning  bool
	Idle    string // why it takes no GPUs now, such as "suspended"; empty when it does
	Spot    bool
	OSSKU   string // Ubuntu or AzureLinux
	DiskGiB int    // on each node, of its own

	// Pool is the agent pool that its live workload requires, GPUs what each of its pods asks for; "" and 0 without one.
	Pool string
	GPUs int
	// Pods are those that have a node and have not finished.
	Pods []NeedPod
}

// NeedPod is a pod of a Workspace, on its node.
type NeedPod struct{ Name, Node string }

// FleetNode is a node of an agent pool.
type FleetNode struct {
	Name, Pool string
	Ready      bool // and its GPUs can be allocated
	GPUs       int
	Used       int // by pods that have not finished, whoever's
	Pods       int // that have not finished, whoever's, without those of DaemonSets
}

// Reservation keeps room for a Workspace that cannot be planned now, because its file has errors: it stays as it is.
type Reservation struct {
	Pool        string
	Nodes, GPUs int // so many nodes with so many GPUs each
}

// Availability knows which sizes Azure has refused lately. Unavailable is one.
type Availability interface {
	// Blocked reports whether there is no point in asking for the size, why, and until when; a zero time is for what only a
	// person can change.
	Blocked(sku SKU, spot bool, now time.Time) (reason string, until time.Time, ok bool)
}

// FleetInput is everything that PlanFleet decides on. There is no clock but Now.
type FleetInput struct {
	Cluster     string // name of this cluster in the configuration
	Region      string
	Needs       []Need // in any order
	Pools       []LivePool
	Nodes       []FleetNode
	Reserved    []Reservation
	Quota       Quota
	Limits      Limits
	Unavailable Availability // nil: nothing is known to be unavailable
	// Lost names the pools that have no node and, as things are, will get none.
	Lost map[string]bool
	Now  time.Time
	// Horizon is how long a saving is counted for when a server is to move; DefaultHorizon if 0.
	Horizon time.Duration
	// Eventual asks for the plan as if all pools were there as soon as they are wanted.
	Eventual bool
	// Prices returns the price of a node; nil for that of the embedded list.
	Prices func(size string, spot bool) Cost
}

// DefaultHorizon is how long a saving is counted for when a server is to move. Fleets change every few hours; what has not
// paid back by then may never do.
const DefaultHorizon = 6 * time.Hour

// Fleet is the plan for all nodes of a cluster: which pools there should be, and which Workspace runs where.
type Fleet struct {
	Pools    []Pool // in the order of their names
	Bindings map[workspace.Key]Binding
	Unplaced map[workspace.Key]Unplaced
	// Optimal says that no cheaper fleet exists for what was free to be chosen.
	Optimal bool
}

// Binding says where a Workspace runs.
type Binding struct {
	Pool   string
	Option Option
	Shared bool
	Cost   Cost   // its share of the price of its nodes, by GPUs
	Reason string // in plain words
	// Next is the pool to which it moves once that has its GPUs; "" when it stays.
	Next string
	// Hold, when not empty, is why the objects of the Workspace stay as they are for now: they cannot be rendered for the pool
	// that it still runs on.
	Hold string
}

// Unplaced says why there is no place for a Workspace, and what would help.
type Unplaced struct {
	Reason  string // one word: QuotaExceeded, LimitReached, OutOfCapacity, TooManyPools or TooManyNodes
	Message string
}

// Limits of moving a server, and what it costs. Both are paid while the new node starts and the model is loaded there: AKS
// takes 5 to 7 minutes for a pool, and images and weights take up to 20. A restart that clients may notice is not worth a few
// cents either.
const (
	moveTime    = 30 * time.Minute
	moveCostUSD = 2.0
)

// PlanFleet decides which nodes there should be and which Workspace runs on which pool. It is pure: the same input always gets
// the same plan, and a plan that has been carried out asks for nothing more.
//
// First, what runs stays where it runs as long as it fits there. Then users who named a size get it, in a pool of their own, in
// the order of their names. What is left is put together so that as few as possible are left out and the whole costs least,
// within quota, limits and what is known to be unavailable. At last, servers are moved if that pays back.
func PlanFleet(in FleetInput) Fleet {
	p := newPlanner(in)
	p.bind()
	p.place()
	p.improve()
	return p.result()
}

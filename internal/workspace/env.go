// SPDX-License-Identifier: Apache-2.0

package workspace

import "syncer.dev/syncer/internal/diag"

// Env is the input of the rules of admission that does not come from files. The zero value is a cluster that syncer
// knows nothing about and creates agent pools for.
type Env struct {
	// BYO says that Workspaces run on existing nodes: syncer creates none (capacity.mode: byo).
	BYO bool
	// AnySize accepts sizes of other clouds than Azure (capacity.mode: karpenter).
	AnySize bool
	// NodeClasses are the node classes that Workspaces may name where Karpenter creates nodes; nil where it does not, or
	// where any may be named.
	NodeClasses []string
	// ClosedWorld means that no ConfigMaps and Nodes exist beside those of the Set and of Facts. Otherwise a missing one
	// may be in the cluster.
	ClosedWorld bool
	// Facts are the known objects of the cluster.
	Facts Facts
	// UnpinnedRevision says what a download of a model without a pinned commit is; "" is diag.Warn.
	UnpinnedRevision diag.Verdict
	// Pool is what is known about the agent pools that syncer makes (capacity.mode: aks); nil in other modes.
	Pool *PoolFacts
	// Hardware returns what nodes of a VM size have; false for an unknown or retired one.
	Hardware func(name string) (Hardware, bool)
	// NearSize returns the VM size that an unknown name is most likely a misspelling of, or "".
	NearSize func(name string) string
	// Size returns the GPUs of a VM size; false for an unknown or retired one. Without it the rules on memory do not
	// apply.
	Size func(name string) (Size, bool)
}

// Nodes returns the existing nodes, of the facts if these have any, or else of the source. known is false if neither
// says anything about nodes.
func (e Env) Nodes(set *Set) (nodes []Node, known bool) {
	if e.Facts.NodesKnown {
		return e.Facts.Nodes, true
	}
	return set.Nodes, len(set.Nodes) > 0
}

// Size is what the rules of admission need to know about a VM size.
type Size struct {
	GPUs      int
	MemoryGiB int // of all GPUs together
}

// PoolFacts are what all agent pools have in common.
type PoolFacts struct {
	Cluster string   // name in the configuration; "" when not known
	Region  string   // "" when not known
	Zones   []string // that the configuration allows; empty for any
}

// Hardware is what nodes of a VM size have, whether models of the catalogue run on it or not.
type Hardware struct {
	Name string // exact
	Arch string // amd64 or arm64
	GPU  string // vendor: nvidia or amd; "" without GPUs
}

// Facts are the objects of a cluster that Workspaces may refer to. A nil map means that syncer did not read the
// cluster; any other map is complete for the namespaces of the Workspaces. Secrets appear by name only.
type Facts struct {
	Nodes      []Node // meaningful when NodesKnown
	NodesKnown bool

	ConfigMaps map[Key]map[string]string // data
	Secrets    map[Key]bool
	Claims     map[Key]bool // PersistentVolumeClaims
	// Unknown are the objects that syncer could not look up; it overrides the maps.
	Unknown map[Named]bool
}

// Node is an existing node that may run Workspaces: its name, the labels that describe its GPUs, and what it offers.
type Node struct {
	Name   string
	Labels map[string]string
	// GPUs and Slices are what pods can get: whole GPUs, and shares of GPUs by MIG profile. A description without
	// status.allocatable offers the GPUs that its labels count.
	GPUs     int64
	Slices   map[string]int64
	NotReady bool          // its condition Ready is not True
	Cordoned bool          // it takes no new pods
	Source   diag.Position // where the repository describes it; zero for one of the cluster
}

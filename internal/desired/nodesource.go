// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// NodeSource is one way to have nodes for Workspaces: the code behind one value of capacity.mode. There are AgentPools,
// ExistingNodes and NodePools. No other code asks for the mode: it calls the NodeSource of the Policy, and works with
// the fields that the NodeSource sets in each Workload.
//
// Desire calls Place for each Workspace, in parallel, then Arrange once, then it renders, then it calls Settle once. A
// NodeSource keeps no state between calls, reads no clock, and changes only the Workloads of its arguments.
type NodeSource interface {
	Sizer
	// Place sizes one Workspace, and chooses its nodes if they depend on no other Workspace. It sets Demand, Notes and
	// Finished of w. An error blocks the Workspace; a Workspace that Place may place later gets Waiting instead.
	Place(w *Workload, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error
	// Arrange distributes all Workspaces over agent pools. The result is empty where there are none.
	Arrange(all []*Workload, set *workspace.Set, policy Policy, seen Observed) fleet.Result
	// Settle treats all rendered Workspaces together: it holds nodes above a limit, and finds GPUs that two Workspaces
	// need. It returns a warning for each node pool that it holds.
	Settle(all []*Workload, policy Policy, seen Observed) (warnings []string)
	// NodeClass names the object that describes the nodes of a Workspace, which the user creates; of any version. The
	// result is false if there is no such object.
	NodeClass(w *workspace.Workspace) (cluster.Ref, bool)
	// Admission returns the environment for the rules of admission.
	Admission() workspace.Env
	// Status returns the node source for condition ResourceReady.
	Status() status.Nodes
}

// Sizer computes the sizes and the number of nodes that a Workspace needs.
type Sizer interface {
	// Request returns the sizing request of a Workspace, without the settings in its ConfigMaps.
	Request(w *workspace.Workspace, p preset.Preset, policy Policy) sizing.Request
	// Size answers a request. The error is a *capacity.RefusedError.
	Size(r sizing.Request) (capacity.Demand, error)
	// Evaluate returns a verdict on each size of the catalogue; none if the nodes are not from the catalogue.
	Evaluate(r sizing.Request) []sizing.Candidate
	// Quota names Azure's quota that nodes of a size take from; "" if syncer buys no nodes of Azure.
	Quota(sku capacity.SKU, priority capacity.Priority) string
	// Buys reports whether syncer buys the nodes, so that limits count.
	Buys() bool
}

// NodeSource returns the source of nodes: AgentPools unless Source is set.
func (p Policy) NodeSource() NodeSource { return cmp.Or[NodeSource](p.Source, AgentPools{}) }

// AgentPools is the NodeSource that creates agent pools of AKS (capacity.mode: aks).
type AgentPools struct{ azureSizes }

// azureSizes sizes by the catalogue of Azure's sizes.
type azureSizes struct{}

// Request implements Sizer.
func (azureSizes) Request(w *workspace.Workspace, p preset.Preset, policy Policy) sizing.Request {
	req := sizing.RequestFor(w, p)
	policy.buy(&req)
	return req
}

// Size implements Sizer.
func (azureSizes) Size(r sizing.Request) (capacity.Demand, error) { return sizing.Size(r) }

// Evaluate implements Sizer.
func (azureSizes) Evaluate(r sizing.Request) []sizing.Candidate { return sizing.Evaluate(r) }

// Quota implements Sizer.
func (AgentPools) Quota(sku capacity.SKU, priority capacity.Priority) string {
	return azureQuota(sku, priority)
}

// Buys implements Sizer.
func (AgentPools) Buys() bool { return true }

func azureQuota(sku capacity.SKU, priority capacity.Priority) string {
	if priority == capacity.Spot {
		return capacity.QuotaSpot
	}
	return sku.Family
}

// Settle does nothing: Arrange has applied the limits, and pools are not objects.
func (AgentPools) Settle([]*Workload, Policy, Observed) []string { return nil }

// NodeClass returns none: a pool describes its own nodes.
func (AgentPools) NodeClass(*workspace.Workspace) (cluster.Ref, bool) { return cluster.Ref{}, false }

// Admission implements NodeSource.
func (AgentPools) Admission() workspace.Env { return workspace.Env{Pool: &workspace.PoolFacts{}} }

// Status implements NodeSource.
func (AgentPools) Status() status.Nodes { return status.AgentPools{} }

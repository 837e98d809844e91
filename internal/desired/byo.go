// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/existing"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Reasons of condition ResourceReady if existing nodes do not suffice. None is an error of the Workspace's file, since
// nodes come and go.
const (
	nodesDiffer       = string(diag.NodesDiffer)
	nodeLabelsMissing = string(diag.NodeLabelsMissing)
)

// ExistingNodes is the NodeSource that uses the nodes of the cluster, and creates none (capacity.mode: byo).
type ExistingNodes struct{ azureSizes }

// Request implements Sizer. syncer does not buy existing nodes: neither prices nor limits count.
func (ExistingNodes) Request(w *workspace.Workspace, p preset.Preset, _ Policy) sizing.Request {
	return sizing.RequestFor(w, p)
}

// Evaluate implements Sizer. A request without a region buys no nodes, so that no size of the catalogue is a choice;
// one for a preset alone, without a Workspace, has a region.
func (n ExistingNodes) Evaluate(r sizing.Request) []sizing.Candidate {
	if r.Region == "" {
		return nil
	}
	return n.azureSizes.Evaluate(r)
}

// Quota returns none: the nodes exist.
func (ExistingNodes) Quota(capacity.SKU, capacity.Priority) string { return "" }

// Buys implements Sizer.
func (ExistingNodes) Buys() bool { return false }

// Arrange returns no pools: the nodes exist.
func (ExistingNodes) Arrange([]*Workload, *workspace.Set, Policy, Observed) fleet.Result {
	return fleet.Result{}
}

// NodeClass returns none: the nodes exist.
func (ExistingNodes) NodeClass(*workspace.Workspace) (cluster.Ref, bool) { return cluster.Ref{}, false }

// Admission implements NodeSource.
func (ExistingNodes) Admission() workspace.Env { return workspace.Env{BYO: true} }

// Status implements NodeSource.
func (ExistingNodes) Status() status.Nodes { return status.ExistingNodes{} }

// Place puts a Workspace on existing nodes, by KAITO's rules: all nodes with the labels of the selector, or all nodes
// with GPUs if there is no selector. They must have the same GPUs.
//
// While the GPUs are unknown, the Workspace waits: syncer creates nothing for it, and its live objects stay.
func (ExistingNodes) Place(w *Workload, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	req := RequestFor(ws, set, p, policy)
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	var sku capacity.SKU
	var err error
	if seen.Live || seen.NodesKnown {
		sku = w.existingNodes(seen.State)
		if w.NodeFailure.Reason != "" {
			w.Waiting = w.NodeFailure.Message
			return nil
		}
	} else if sku, err = existing.Assumed(ws, req, policy.Region, policy.answers.Size); err != nil {
		return err
	}
	if sku, err = existing.PartOf(ws, sku); err != nil {
		return err
	}
	if !seen.Live || ws.Resource.Partition != nil { // what a template asks for is compared with nodes that are known
		req.Asks = nil
	}
	demand, err := policy.answers.SizeOn(req, sku)
	if err != nil {
		return err
	}
	if err := existing.FitsSlice(ws, demand); err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options = slices.Clone(demand.Options)
		demand.Options[0] = demand.Options[0].WithNodes(policy.Nodes)
	}
	chosen := demand.Options[0]
	w.Demand, w.Notes = demand, append(w.Notes, demand.Notes...)
	if !seen.Live && !seen.NodesKnown {
		w.Assumed = fmt.Sprintf("the nodes are unknown: assuming %s; the nodes that match the selector decide", sku.Name)
		w.Notes = append(w.Notes, w.Assumed)
	}
	w.Placement = placementOf(chosen)
	w.Placement.InstanceType, w.Placement.GPUModel, w.Placement.LocalNVMe = sku.Name, sku.GPUModel, false
	w.Placement.NodeLabels = ws.NodeLabels()
	if (seen.Live || seen.NodesKnown) && len(w.nodes) < chosen.Nodes {
		w.NodeFailure = existing.Missing(ws, len(w.nodes), chosen.Nodes)
	}
	return nil
}

// existingNodes chooses the nodes that the Workspace may run on, all with the same GPUs, and describes them. If there
// are none, it sets NodeFailure. If matching nodes differ, a node on which the Workspace runs decides: a node that
// joins later does not stop a running Workspace.
func (w *Workload) existingNodes(s cluster.State) capacity.SKU {
	ready := existing.Usable(w.Workspace, s.Nodes)
	if len(ready) == 0 {
		w.NodeFailure = existing.Missing(w.Workspace, 0, 1)
		return capacity.SKU{}
	}
	if w.Workspace.MIGProfile() != "" { // the profile alone describes a slice
		w.nodes = ready
		sku, _ := existing.SKUOf(ready[0])
		sku.Name = cmp.Or(ready[0].InstanceType, sku.Name, ready[0].Name)
		return sku
	}
	described := map[string]capacity.SKU{}
	var first, unknown string
	runs := false
	for _, n := range ready {
		sku, err := existing.SKUOf(n)
		switch {
		case err != nil: // without labels so far: the node does not count, and the others still do
			unknown = err.Error()
			continue
		case !runs && slices.ContainsFunc(s.Workloads[w.Key].Pods, func(p cluster.Pod) bool { return p.Node == n.Name }):
			first, runs = n.Name, true
		case first == "":
			first = n.Name
		}
		described[n.Name] = sku
	}
	if first == "" {
		w.NodeFailure = cluster.Failure{Reason: nodeLabelsMissing, Message: unknown}
		return capacity.SKU{}
	}
	for _, n := range ready {
		sku, ok := described[n.Name]
		switch {
		case !ok:
		case existing.Alike(sku, described[first]):
			w.nodes = append(w.nodes, n)
		default:
			w.differ(first, n.Name, described, runs)
		}
	}
	return described[first]
}

// differ reports the first node with other GPUs: as a note if the Workspace runs, otherwise as a NodeFailure.
func (w *Workload) differ(first, other string, described map[string]capacity.SKU, runs bool) {
	text := fmt.Sprintf("nodes that match %s differ: %s has %s, %s has %s",
		existing.Selector(w.Workspace), first, existing.GPUs(described[first]), other, existing.GPUs(described[other]))
	switch {
	case w.NodeFailure.Reason != "" || len(w.Notes) > 0:
	case runs:
		w.Notes = append(w.Notes, text+"; syncer uses only nodes like the first")
	default:
		w.NodeFailure = cluster.Failure{
			Reason:  nodesDiffer,
			Message: text + "; select nodes with the same GPUs by resource.labelSelector",
		}
	}
}

// Waiting lists the Workspaces that wait for nodes, with the reason. Their live objects stay.
func (d Desired) Waiting() map[workspace.Key]string {
	out := map[workspace.Key]string{}
	for i := range d.Workloads {
		if w := d.Workloads[i]; w.Waiting != "" {
			out[w.Key] = w.Waiting
		}
	}
	return out
}

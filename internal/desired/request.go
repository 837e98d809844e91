// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// RequestFor returns the sizing request of a Workspace, from its file, its preset, the ConfigMaps of the set, and the
// prices and limits of the policy.
func RequestFor(ws *workspace.Workspace, set *workspace.Set, p preset.Preset, policy Policy) sizing.Request {
	req := policy.NodeSource().Request(ws, p, policy)
	req.Context = workspace.MaxModelLen(set, ws)
	req.Configure(workspace.SettingsOf(set, ws))
	if policy.Context > 0 {
		req.Context = policy.Context
	}
	return req
}

// buy adds to a request the prices and limits of nodes that syncer buys.
func (p Policy) buy(req *sizing.Request) {
	req.Region, req.RetiredSizes, req.Limits, req.Prices = p.Region, p.RetiredSizes, p.Limits, p.Prices
}

// Remembering returns the policy for one catalogue of presets, whose Workspaces share answers of sizing. Desire does so
// itself; it is for those that place Workspaces one by one.
func (p Policy) Remembering() Policy {
	if p.Sizes == nil {
		p.Sizes = memo.NewSizes()
	}
	p.answers = p.Sizes.Of()
	return p
}

// placementOf returns the placement of a Workspace on an option.
func placementOf(o capacity.Option) Placement {
	return Placement{
		InstanceType: o.SKU.Name,
		Placement: render.Placement{
			Nodes:            o.Nodes,
			GPUsPerNode:      o.GPUsPerNode,
			GPUModel:         o.SKU.GPUModel,
			TensorParallel:   o.TensorParallel,
			PipelineParallel: o.PipelineParallel,
			DataParallel:     o.DataParallel,
			LocalNVMe:        o.SKU.LocalNVMe,
		},
	}
}

// Place sizes a Workspace. Arrange chooses its option and its pool, together with those of all other Workspaces.
func (AgentPools) Place(w *Workload, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	w.explains = seen.Explain && w.automatic() && p.Name != ""
	if policy.sized != nil {
		w.Demand = policy.sized.Demand
	} else {
		demand, err := policy.answers.Size(RequestFor(w.Workspace, set, p, policy))
		if err != nil {
			w.Sizes = w.rejections(set, policy)
			return err
		}
		if policy.Nodes > 0 {
			demand.Options, demand.Shares = []capacity.Option{demand.Options[0].WithNodes(policy.Nodes)}, nil
		}
		w.Demand = demand
	}
	w.Notes = w.Demand.Notes
	w.diskGiB = sizing.DiskFor(p, w.Workspace.Tuning != nil)
	w.Finished = finished(w.Key, w.Workspace.Digest, seen.State)
	return nil
}

// finished reports whether the tuning job for exactly these inputs is over, so that syncer may release its nodes.
func finished(k workspace.Key, inputs string, s cluster.State) bool {
	l, ok := s.Workloads[k]
	return ok && l.Ref.Kind == "Job" && l.Inputs == inputs && (l.Complete || l.Failed)
}

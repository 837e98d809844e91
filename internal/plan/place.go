package plan

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// sizeForPools works out what a Workspace for which nodes are created needs. Which of the ways to satisfy it is taken, and on
// which pool, follows from all Workspaces together: see fleet.
func sizeForPools(w *Wish, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	req := capacity.RequestFor(ws, p)
	req.Region, req.RetiredSizes, req.Limits = policy.Region, policy.RetiredSizes, policy.Limits
	req.Context = workspace.MaxModelLen(set, ws)
	req.Prices = policy.Prices
	req.Configure(workspace.SettingsOf(set, ws))
	demand, err := capacity.Size(req)
	if err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options, demand.Shares = []capacity.Option{demand.Options[0].WithNodes(policy.Nodes)}, nil
	}
	w.Demand, w.Notes = demand, demand.Notes
	w.diskGiB = diskGiB(ws, p)
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	return nil
}

// finished reports whether the tuning job for exactly these inputs is over, so that its nodes can be given back.
func finished(k workspace.Key, inputs string, s cluster.State) bool {
	l, ok := s.Workloads[k]
	return ok && l.Ref.Kind == "Job" && l.Inputs == inputs && (l.Complete || l.Failed)
}

// diskGiB returns the node disk that the Workspace needs. KAITO's figure for pod templates, of which nothing is known, is
// 1024 GiB.
func diskGiB(ws *workspace.Workspace, p preset.Preset) int {
	switch {
	case ws.Tuning != nil && p.Tuning != nil && p.Tuning.DiskGiB > 0:
		return p.Tuning.DiskGiB
	case p.DiskGiB > 0:
		return p.DiskGiB
	}
	return 1024
}

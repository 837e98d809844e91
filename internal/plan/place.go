package plan

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// sizeForPools chooses the size and the pool of a Workspace for which nodes are created.
func sizeForPools(w *Wish, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	req := capacity.RequestFor(ws, p)
	req.Region, req.RetiredSizes, req.Limits = policy.Region, policy.RetiredSizes, policy.Limits
	req.Current, req.Context = currentSize(w.Key, seen), workspace.MaxModelLen(set, ws)
	req.Prices = policy.Prices
	req.Configure(workspace.SettingsOf(set, ws))
	demand, err := capacity.Size(req)
	if err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options[0] = demand.Options[0].WithNodes(policy.Nodes)
	}
	w.Demand, w.Notes = demand, demand.Notes
	pool := capacity.PoolFor(ws, demand, capacity.PoolOptions{Cluster: policy.Cluster, Region: policy.Region, DiskGiB: diskGiB(ws, p)})
	pool.ManagedDisk = slices.Contains(seen.Unavailable.Dropped(pool.SKU, pool.Spot, seen.Now), capacity.EphemeralDisk)
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	if ws.Suspended() || w.Finished {
		pool = pool.Scaled(0)
	}
	w.Pool = &pool
	chosen := demand.Options[0]
	w.Placement = Placement{
		InstanceType: chosen.SKU.Name,
		Placement: render.Placement{
			Nodes: chosen.Nodes, GPUsPerNode: chosen.SKU.GPUs, GPUModel: chosen.SKU.GPUModel,
			TensorParallel: chosen.TensorParallel, PipelineParallel: chosen.PipelineParallel, DataParallel: chosen.DataParallel,
			LocalNVMe: chosen.SKU.LocalNVMe, Pool: pool.Name, NodeLabels: ws.NodeLabels(), Spot: ws.Spot(),
		},
	}
	return nil
}

// currentSize returns the size of the newest pool that the Workspace has, so that a choice once made stays: prices move,
// and a model that runs is not to be moved for a cent.
func currentSize(k workspace.Key, seen Observed) string {
	for _, p := range seen.Pools {
		if p.Owned && p.Workspace == k && p.State != capacity.Deleting && !seen.Lost[p.Name] {
			return p.Size
		}
	}
	return ""
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

package plan

import (
	"fmt"
	"slices"
	"strconv"

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
	req.Avoid = seen.avoid
	req.Current, req.Context = currentSize(w.Key, seen), workspace.MaxModelLen(set, ws)
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

// placeOnBrought places a Workspace on nodes that somebody else provides, by the labels that the NVIDIA GPU feature
// discovery puts on them.
func placeOnBrought(w *Wish, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	sku, err := broughtSKU(ws.NodeLabels(), seen.State.Nodes)
	if err != nil {
		return err
	}
	req := capacity.RequestFor(ws, p)
	req.Brought, req.Context = &sku, workspace.MaxModelLen(set, ws)
	demand, err := capacity.Size(req)
	if err != nil {
		return err
	}
	chosen := demand.Options[0]
	w.Demand, w.Notes = demand, demand.Notes
	w.Placement = Placement{
		InstanceType: sku.Name,
		Placement: render.Placement{
			Nodes: chosen.Nodes, GPUsPerNode: sku.GPUs, GPUModel: sku.GPUModel, TensorParallel: chosen.TensorParallel,
			PipelineParallel: chosen.PipelineParallel, DataParallel: chosen.DataParallel, NodeLabels: ws.NodeLabels(),
		},
	}
	return nil
}

// Node labels of NVIDIA's GPU feature discovery. Memory is MiB per GPU.
const (
	labelGPUProduct = "nvidia.com/gpu.product"
	labelGPUCount   = "nvidia.com/gpu.count"
	labelGPUMemory  = "nvidia.com/gpu.memory"
)

// broughtSKU describes the first ready node that matches, as KAITO does: memory is rounded to the nearest GiB.
func broughtSKU(labels map[string]string, nodes []cluster.Node) (capacity.SKU, error) {
	for _, n := range nodes {
		if !n.Ready || !matches(labels, n.Labels) {
			continue
		}
		count, err1 := strconv.Atoi(n.Labels[labelGPUCount])
		mib, err2 := strconv.Atoi(n.Labels[labelGPUMemory])
		product := n.Labels[labelGPUProduct]
		if err1 != nil || err2 != nil || product == "" || count < 1 {
			return capacity.SKU{}, fmt.Errorf("node %s lacks usable labels %s, %s and %s (GPU feature discovery sets them)",
				n.Name, labelGPUProduct, labelGPUCount, labelGPUMemory)
		}
		gib := int(float64(mib)/1024 + 0.5)
		return capacity.SKU{
			Name: n.InstanceType, GPUs: count, GPUModel: product, GPUMemoryGiB: gib, GPUUsableGiB: float64(mib) / 1024,
		}, nil
	}
	return capacity.SKU{}, fmt.Errorf("no ready node has the labels of resource.labelSelector")
}

func matches(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

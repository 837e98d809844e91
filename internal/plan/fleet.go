package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// availability is what has been learned of sizes that cannot be had, and what Azure says that it does not offer.
type availability struct {
	capacity.Unavailable
	quota capacity.Quota
}

// Blocked implements capacity.Availability.
func (a availability) Blocked(sku capacity.SKU, spot bool, now time.Time) (reason string, until time.Time, ok bool) {
	if reason, until, ok = a.Unavailable.Blocked(sku, spot, now); ok {
		return reason, until, ok
	}
	reason = a.quota.Offered(sku, spot)
	return reason, time.Time{}, reason != ""
}

// fleet plans the nodes of all Wishes together, and tells each where it runs.
func fleet(wishes []Wish, set *workspace.Set, policy Policy, seen Observed) capacity.Fleet {
	in := capacity.FleetInput{
		Cluster: policy.Cluster, Region: policy.Region, Pools: seen.Pools, Nodes: fleetNodes(seen.State), Quota: seen.Quota,
		Unavailable: availability{seen.Unavailable, seen.Quota}, Lost: seen.Lost, Now: seen.Now, Eventual: seen.Eventual || !seen.Live && len(seen.State.Nodes) == 0,
	}
	in.Prices = func(size string, spot bool) capacity.Cost { return policy.Prices.Price(policy.Region, size, spot) }
	in.Limits.AllowedSizes, in.Limits.Zones = policy.Limits.AllowedSizes, policy.Limits.Zones
	if seen.Live || seen.Eventual { // a file is valid or not, however many others there are
		in.Limits = policy.Limits
	}
	for i := range wishes {
		w := &wishes[i]
		if len(w.Blocked) > 0 || len(w.Demand.Options) == 0 {
			in.Reserved = append(in.Reserved, reserve(w.Key, seen.State)...)
			continue
		}
		in.Needs = append(in.Needs, w.need(seen.State))
	}
	if seen.Eventual { // what nothing asks for has gone by then
		gone := maps.Clone(seen.State.Workloads)
		for i := range wishes {
			delete(gone, wishes[i].Key)
		}
		for i := range in.Nodes {
			for _, w := range gone {
				for _, p := range w.Pods {
					if p.Node == in.Nodes[i].Name {
						in.Nodes[i].Pods--
						in.Nodes[i].Used -= int(w.GPUs)
					}
				}
			}
		}
	}
	f := capacity.PlanFleet(in)
	pools := map[string]*capacity.Pool{}
	for i := range f.Pools {
		pools[f.Pools[i].Name] = &f.Pools[i]
	}
	for i := range wishes {
		w := &wishes[i]
		if no, ok := f.Unplaced[w.Key]; ok {
			w.Waiting, w.NodeTrouble = no.Message, cluster.Trouble{Reason: no.Reason, Message: no.Message}
		}
		if b, ok := f.Bindings[w.Key]; ok {
			w.bind(b, pools[b.Pool], policy)
		}
	}
	return f
}

// moving is the reason for which a Workspace that still runs on its old nodes waits.
const moving = "Moving"

// bind puts a Wish where the fleet wants it.
func (w *Wish) bind(b capacity.Binding, pool *capacity.Pool, policy Policy) {
	o := b.Option
	w.Binding = b
	w.Pool = pool
	if pool == nil { // it runs on a pool that it is about to leave, or on none at all
		w.Pool = &capacity.Pool{Name: b.Pool, SKU: o.SKU, Count: o.Nodes, Spot: w.Workspace.Spot(), HourlyCost: b.Cost}
		if w.Workspace.Suspended() || w.Finished {
			w.Pool.Count, w.Pool.HourlyCost = 0, capacity.Cost{Known: true}
		}
	}
	if b.Next != "" {
		w.Notes = append(w.Notes, b.Reason)
	}
	if b.Hold != "" {
		w.Waiting, w.NodeTrouble = b.Hold, cluster.Trouble{Reason: moving, Message: b.Hold}
	}
	w.Placement = Placement{
		InstanceType: o.SKU.Name,
		Placement: render.Placement{
			Nodes: o.Nodes, GPUsPerNode: o.GPUsPerNode, GPUModel: o.SKU.GPUModel, TensorParallel: o.TensorParallel,
			PipelineParallel: o.PipelineParallel, DataParallel: o.DataParallel, LocalNVMe: o.SKU.LocalNVMe, Pool: b.Pool,
			Spot: w.Workspace.Spot(),
		},
	}
	if !w.automatic() { // the nodes that strangers share have nobody's labels
		w.Placement.NodeLabels = w.Workspace.NodeLabels()
	}
}

// need is what the fleet has to know about a Wish.
func (w *Wish) need(s cluster.State) capacity.Need {
	ws := w.Workspace
	auto := w.automatic()
	n := capacity.Need{
		Workspace: w.Key, Demand: w.Demand, Automatic: auto || w.Demand.Substituted != "", Shared: auto, Set: w.set(), Labels: ws.NodeLabels(),
		Tuning: ws.Tuning != nil, Spot: ws.Spot(), OSSKU: osSKU(ws), DiskGiB: w.diskGiB,
	}
	switch {
	case ws.Suspended():
		n.Idle = "suspended: no nodes"
	case w.Finished:
		n.Idle = "the job is over: no nodes"
	}
	live, ok := s.Workloads[w.Key]
	if !ok {
		return n
	}
	n.Pool, n.GPUs = live.Pool, int(live.GPUs)
	for _, p := range live.Pods {
		if p.Node != "" && !over(p) {
			n.Pods = append(n.Pods, capacity.NeedPod{Name: p.Name, Node: p.Node})
		}
	}
	return n
}

// automatic reports whether the size is ours to choose.
func (w *Wish) automatic() bool {
	size := w.Workspace.Resource.InstanceType
	return size == "" || size == "auto"
}

// set returns the InferenceSet with whose replicas the Workspace shares a pool, or "". A template of the user's own may ask for no
// GPUs, and two of them would meet on one node.
func (w *Wish) set() string {
	if w.automatic() || w.Workspace.PresetName() == "" {
		return ""
	}
	return w.Workspace.InferenceSet
}

// over reports whether a pod has ended.
func over(p cluster.Pod) bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// annotationImageFamily chooses the operating system of the nodes: ubuntu (the default) or azurelinux.
const annotationImageFamily = "kaito.sh/node-image-family"

func osSKU(ws *workspace.Workspace) string {
	if strings.EqualFold(strings.TrimSpace(ws.Annotations[annotationImageFamily]), "azurelinux") {
		return "AzureLinux"
	}
	return "Ubuntu"
}

// reserve keeps room for the pods of a Workspace with errors that have no node: it stays as it is.
func reserve(k workspace.Key, s cluster.State) []capacity.Reservation {
	live, ok := s.Workloads[k]
	if !ok || live.Pool == "" {
		return nil
	}
	missing := int(live.Replicas)
	for _, p := range live.Pods {
		if p.Node != "" {
			missing--
		}
	}
	if missing <= 0 {
		return nil
	}
	return []capacity.Reservation{{Pool: live.Pool, Nodes: missing, GPUs: int(live.GPUs)}}
}

// fleetNodes says what is on each node. Pods are known by two ways, ours and all, which may be a moment apart: what either
// knows counts.
func fleetNodes(s cluster.State) []capacity.FleetNode {
	on := podsByNode(s)
	used := map[string]int{}
	for _, w := range s.Workloads {
		for _, p := range w.Pods {
			if p.Node != "" && !over(p) {
				used[p.Node] += int(w.GPUs)
			}
		}
	}
	out := make([]capacity.FleetNode, 0, len(s.Nodes))
	for _, n := range s.Nodes {
		if n.Pool != "" {
			out = append(out, capacity.FleetNode{
				Name: n.Name, Pool: n.Pool, Ready: n.Ready && n.GPUs > 0, GPUs: int(n.GPUs), Used: used[n.Name] + int(n.Taken), Pods: len(on[n.Name]),
			})
		}
	}
	return out
}

// podsByNode lists the pods on each node that have not finished, whoever's, as "namespace/name".
func podsByNode(s cluster.State) map[string][]string {
	out := map[string][]string{}
	for _, n := range s.Nodes {
		out[n.Name] = slices.Clone(n.Pods)
	}
	for k, w := range s.Workloads {
		for _, p := range w.Pods {
			name := k.Namespace + "/" + p.Name
			if p.Node != "" && !over(p) && !slices.Contains(out[p.Node], name) {
				out[p.Node] = append(out[p.Node], name)
			}
		}
	}
	return out
}

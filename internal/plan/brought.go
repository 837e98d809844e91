package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// What can be in the way on brought nodes: the reasons of condition ResourceReady. None of them is an error of the
// Workspace's file: nodes come and go.
const (
	nodesMissing      = "NodesMissing"      // fewer ready nodes match than are needed
	nodesDiffer       = "NodesDiffer"       // those that match have different GPUs
	nodeLabelsMissing = "NodeLabelsMissing" // nothing says which GPUs they have
	gpusTaken         = "GPUsTaken"         // other pods have their GPUs
)

// placeOnBrought places a Workspace on nodes that somebody else provides, by KAITO's rules: all nodes with the labels of the
// selector, or all with GPUs where there is none, which must have the same GPUs.
//
// As long as it is not known which GPUs there are, the Workspace waits: nothing new is made for it, and what is live stays.
func placeOnBrought(w *Wish, set *workspace.Set, p preset.Preset, policy Policy, seen Observed) error {
	ws := w.Workspace
	req := capacity.RequestFor(ws, p)
	req.Context = workspace.MaxModelLen(set, ws)
	req.Configure(workspace.SettingsOf(set, ws))
	w.Finished = finished(w.Key, ws.Digest, seen.State)
	var sku capacity.SKU
	var err error
	if seen.Live {
		sku = w.broughtNodes(seen.State)
		if w.NodeTrouble.Reason != "" {
			w.Waiting = w.NodeTrouble.Message
			return nil
		}
	} else if sku, err = assumedSKU(ws, req, policy.Region); err != nil {
		return err
	}
	if sku, err = partitioned(ws, sku); err != nil {
		return err
	}
	req.Brought = &sku
	demand, err := capacity.Size(req)
	if err != nil {
		return err
	}
	if err := fitsSlice(ws, demand); err != nil {
		return err
	}
	if policy.Nodes > 0 {
		demand.Options[0] = demand.Options[0].WithNodes(policy.Nodes)
	}
	chosen := demand.Options[0]
	w.Demand, w.Notes = demand, append(w.Notes, demand.Notes...)
	if !seen.Live {
		w.Notes = append(w.Notes, fmt.Sprintf("no nodes are known here: taken to be %s; those with the labels of the selector decide", sku.Name))
	}
	w.Placement = Placement{
		InstanceType: sku.Name,
		Placement: render.Placement{
			Nodes: chosen.Nodes, GPUsPerNode: chosen.GPUsPerNode, GPUModel: sku.GPUModel, TensorParallel: chosen.TensorParallel,
			PipelineParallel: chosen.PipelineParallel, DataParallel: chosen.DataParallel, NodeLabels: ws.NodeLabels(),
		},
	}
	if seen.Live && len(w.nodes) < chosen.Nodes {
		w.NodeTrouble = missing(ws, len(w.nodes), chosen.Nodes)
	}
	return nil
}

// broughtNodes chooses the nodes that the Workspace may run on, all alike, and describes them; or it says why there are none.
// Where nodes that match differ, one on which the Workspace runs decides: what runs is not stopped by a node that came later.
func (w *Wish) broughtNodes(s cluster.State) capacity.SKU {
	ready := usable(w.Workspace, s.Nodes)
	if len(ready) == 0 {
		w.NodeTrouble = missing(w.Workspace, 0, 1)
		return capacity.SKU{}
	}
	if w.Workspace.MIGProfile() != "" { // the profile alone says what a slice is
		w.nodes = ready
		sku, _ := nodeSKU(ready[0])
		sku.Name = cmp.Or(ready[0].InstanceType, sku.Name, ready[0].Name)
		return sku
	}
	described := map[string]capacity.SKU{}
	var first, unknown string
	runs := false
	for _, n := range ready {
		sku, err := nodeSKU(n)
		switch {
		case err != nil: // not labelled yet: it does not count, and does not spoil the others
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
		w.NodeTrouble = cluster.Trouble{Reason: nodeLabelsMissing, Message: unknown}
		return capacity.SKU{}
	}
	for _, n := range ready {
		sku, ok := described[n.Name]
		switch {
		case !ok:
		case alike(sku, described[first]):
			w.nodes = append(w.nodes, n)
		default:
			w.differ(first, n.Name, described, runs)
		}
	}
	return described[first]
}

// differ says that a node is not like the first, once.
func (w *Wish) differ(first, other string, described map[string]capacity.SKU, runs bool) {
	text := fmt.Sprintf("nodes that match %s differ: %s has %s, %s has %s",
		selector(w.Workspace), first, gpus(described[first]), other, gpus(described[other]))
	switch {
	case w.NodeTrouble.Reason != "" || len(w.Notes) > 0:
	case runs:
		w.Notes = append(w.Notes, text+"; only those like the first are used")
	default:
		w.NodeTrouble = cluster.Trouble{Reason: nodesDiffer, Message: text + "; choose alike ones by resource.labelSelector"}
	}
}

// usable lists the ready nodes that match and offer what the Workspace takes, in the order of their names.
func usable(ws *workspace.Workspace, nodes []cluster.Node) []cluster.Node {
	var out []cluster.Node
	for _, n := range nodes {
		if n.Ready && matches(ws.NodeLabels(), n.Labels) && offered(ws, n) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// offered is how much a node offers of the resource that the Workspace takes.
func offered(ws *workspace.Workspace, n cluster.Node) int64 {
	if profile := ws.MIGProfile(); profile != "" {
		return n.Slices[profile]
	}
	return n.GPUs
}

func matches(want, have map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

// missing says how many nodes are missing, and which would count.
func missing(ws *workspace.Workspace, have, need int) cluster.Trouble {
	resource := cluster.ResourceGPU
	if profile := ws.MIGProfile(); profile != "" {
		resource = cluster.ResourceMIG + profile
	}
	return cluster.Trouble{Reason: nodesMissing, Message: fmt.Sprintf("%d of %d nodes: %d more needed that match %s, are ready and offer %s",
		have, need, need-have, selector(ws), resource)}
}

// selector names the labels that nodes must have.
func selector(ws *workspace.Workspace) string {
	labels := ws.NodeLabels()
	if len(labels) == 0 {
		return "anything (there is no selector)"
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}

func alike(a, b capacity.SKU) bool {
	return a.GPUModel == b.GPUModel && a.GPUs == b.GPUs && a.GPUMemoryGiB == b.GPUMemoryGiB
}

func gpus(s capacity.SKU) string {
	return fmt.Sprintf("%d x %s %d GiB", s.GPUs, s.GPUModel, s.GPUMemoryGiB)
}

// waiting lists the Workspaces that wait for nodes, and why: what is live for them is kept.
func (d Desired) waiting() map[workspace.Key]string {
	out := map[workspace.Key]string{}
	for i := range d.Wishes {
		if w := &d.Wishes[i]; w.Waiting != "" {
			out[w.Key] = w.Waiting
		}
	}
	return out
}

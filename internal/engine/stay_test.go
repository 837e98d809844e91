// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/workspace"
)

// stay reports each running Workspace with a size of syncer's choice that a plan takes off its pool, beyond policy. It
// may leave
//
//   - to make room for a higher priority, which the plan says;
//   - if its pool has gone, or no option fits there any more;
//   - if the move pays back, which the plan says.
//
// But for the first, it goes only to nodes that are ready and have room for it. met gets what has happened.
func stay(t *testing.T, step int, r Result, seen *Observed, met func(what string)) {
	t.Helper()
	if slices.ContainsFunc(r.Plan.Workspaces, func(w *plan.Workspace) bool { return w.HeldBy == hold.ByTurn }) {
		met("a roll-out waits")
	}
	for i := range r.Desired.Workloads {
		w := r.Desired.Workloads[i]
		live := seen.State.Workloads[w.Key]
		b := &w.Binding
		to := cmp.Or(b.Next, b.Pool)
		if len(w.Blocked) > 0 || w.Unplaced || w.Pool == nil || !w.Workspace.Resource.Auto() ||
			to == live.Pool || b.Yields != "" || !runs(live, seen.State.Nodes) {
			continue
		}
		if b.Next != "" {
			met("a move waits for nodes")
		} else {
			met("a move ends")
		}
		if fits(w, live, seen.Pools) && !strings.Contains(b.Reason, "which pays for the move") {
			t.Errorf("step %d: %s moves from %s to %s, and fits where it is: %s", step, w.Key, live.Pool, to, b.Reason)
		}
		if room := room(b.Pool, b.GPUsPerNode(), seen.State); b.Next == "" && room < b.Nodes() {
			t.Errorf("step %d: %s leaves %s for %s, which has room for %d of %d pods", step, w.Key, live.Pool, b.Pool, room,
				b.Nodes())
		}
	}
}

// runs reports whether a pod of a Workload has a node of the pool that it asks for.
func runs(w cluster.Workload, nodes []cluster.Node) bool {
	return slices.ContainsFunc(w.Pods, func(p cluster.Pod) bool {
		return slices.ContainsFunc(nodes, func(n cluster.Node) bool { return n.Name == p.Node && n.Pool == w.Pool })
	})
}

// fits reports whether a Workspace may go on where it is: its pool is live, and what it has there satisfies its demand.
// With another demand it may need more nodes, for which limits and quota leave no room.
func fits(w *desired.Workload, live cluster.Workload, pools []capacity.LivePool) bool {
	at := slices.IndexFunc(pools, func(l capacity.LivePool) bool { return l.Name == live.Pool })
	return at >= 0 && slices.ContainsFunc(slices.Concat(w.Demand.Options, w.Demand.Shares), func(o capacity.Option) bool {
		return o.SKU.Name == pools[at].Size && (pools[at].Shared() || o.GPUsPerNode == o.SKU.GPUs) &&
			o.Nodes <= len(live.Pods) && o.GPUsPerNode <= int(live.GPUs)
	})
}

// room counts the pods with so many GPUs each for which a pool has free nodes that are ready.
func room(pool string, gpus int, s cluster.State) int {
	used := map[string]int64{}
	for _, w := range s.Workloads {
		for _, p := range w.Pods {
			used[p.Node] += w.GPUs
		}
	}
	n := 0
	for _, node := range s.Nodes {
		if node.Pool == pool && node.Ready {
			n += int(node.GPUs-used[node.Name]) / max(gpus, 1)
		}
	}
	return n
}

// pass carries out one plan as one pass of the loop does. What the plan holds stays as it is. Pools have their nodes at
// once, some of which are not ready, and pods stay on their nodes unless they ask for others.
func (w *world) pass(t *testing.T, step int, r Result) {
	t.Helper()
	s := &w.seen.State
	w.objects, s.Workloads = maps.Clone(w.objects), maps.Clone(s.Workloads)
	if s.Workloads == nil {
		s.Workloads = map[workspace.Key]cluster.Workload{}
	}
	restart := map[workspace.Key]bool{}
	for i := range r.Plan.Changes {
		switch c := r.Plan.Changes[i]; {
		case c.Op == plan.Hold || c.Op == plan.NoOp || c.Pool != nil:
		case c.Op == plan.Delete:
			delete(w.objects, c.Live.Ref)
			if c.Live.Kind == "StatefulSet" {
				delete(s.Workloads, c.Live.Workspace)
			}
		default:
			w.objects[cluster.RefOf(c.Object)] = c.Object
			restart[c.Workspace] = restart[c.Workspace] || c.Object.GetKind() == "StatefulSet"
		}
	}
	for i := range r.Desired.Workloads {
		d := r.Desired.Workloads[i]
		if at := slices.IndexFunc(r.Plan.Workspaces, func(p *plan.Workspace) bool { return p.Key == d.Key }); at < 0 ||
			r.Plan.Workspaces[at].Held == "" && len(d.Blocked) == 0 && d.Waiting == "" && d.Pool != nil {
			s.Workloads[d.Key] = restarted(d, s.Workloads[d.Key])
		}
	}
	for i := range r.Plan.Changes {
		if c := r.Plan.Changes[i]; c.Pool != nil && c.Op != plan.Hold && c.Op != plan.NoOp {
			w.changePool(t, step, c.Pool)
		}
	}
	s.AllPods, s.Objects = true, nil
	for ref, o := range w.objects {
		owner := workspace.Key{}
		if name := o.GetLabels()[cluster.LabelWorkspace]; name != "" {
			owner = workspace.Key{Namespace: o.GetNamespace(), Name: name}
		}
		s.Objects = append(s.Objects, &cluster.Object{Ref: ref, Workspace: owner, Owned: true})
	}
	slices.SortFunc(s.Objects, func(a, b *cluster.Object) int { return a.Ref.Compare(b.Ref) })
	w.schedule(restart)
	w.tell(r)
}

// restarted returns the workload of a Workspace once its objects are applied.
func restarted(d *desired.Workload, live cluster.Workload) cluster.Workload {
	out := cluster.Workload{
		Ref:      cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: d.Namespace, Name: d.Name},
		Pool:     d.Binding.Pool,
		GPUs:     int64(d.Binding.GPUsPerNode()),
		Inputs:   d.Workspace.Digest,
		Replicas: int64(d.Binding.Nodes()),
		Current:  true,
	}
	if d.Workspace.Suspended() || d.Finished || d.Binding.Yields != "" {
		out.Replicas = 0
	}
	if out.Pool == live.Pool && out.GPUs == live.GPUs {
		out.Pods = live.Pods[:min(len(live.Pods), int(out.Replicas))]
	}
	return out
}

// changePool creates, changes or deletes a pool. No node goes on which a pod runs.
func (w *world) changePool(t *testing.T, step int, c *capacity.PoolChange) {
	t.Helper()
	s := &w.seen.State
	same := func(l capacity.LivePool) bool { return l.Name == c.Name }
	w.seen.Pools = slices.DeleteFunc(slices.Clone(w.seen.Pools), same)
	count := 0
	s.Nodes = slices.DeleteFunc(slices.Clone(s.Nodes), func(n cluster.Node) bool {
		gone := n.Pool == c.Name && (c.Op == capacity.Delete || c.Desired.Count == 0 || slices.Contains(c.Remove, n.Name))
		if n.Pool == c.Name && !gone {
			count++
		}
		if gone {
			for k, l := range s.Workloads {
				if slices.ContainsFunc(l.Pods, func(p cluster.Pod) bool { return p.Node == n.Name }) {
					t.Errorf("step %d: %s pool %s takes node %s from under %s", step, c.Op, c.Name, n.Name, k)
				}
			}
		}
		return gone
	})
	if c.Op == capacity.Delete {
		return
	}
	d := c.Desired
	w.seen.Pools = append(w.seen.Pools, capacity.LivePool{
		Name:      d.Name,
		Size:      d.SKU.Name,
		Count:     d.Count,
		Spot:      d.Spot,
		Labels:    d.Labels,
		Taints:    d.Taints,
		State:     capacity.Succeeded,
		Owned:     true,
		Workspace: d.Workspace,
	})
	slices.SortFunc(w.seen.Pools, func(a, b capacity.LivePool) int { return strings.Compare(a.Name, b.Name) })
	for ; count < d.Count; count++ {
		w.made++
		s.Nodes = append(s.Nodes, cluster.Node{
			Name:  fmt.Sprintf("%s-%d", d.Name, w.made),
			Pool:  d.Name,
			Ready: w.rng.IntN(4) > 0,
			GPUs:  int64(d.SKU.GPUs),
		})
	}
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
}

// schedule gives nodes to pods that have none, or whose node has gone, in the order of the keys. Those that restart are
// ready after the next pass.
func (w *world) schedule(restart map[workspace.Key]bool) {
	s := &w.seen.State
	ready, used := map[string]bool{}, map[string]int64{}
	for _, n := range s.Nodes {
		ready[n.Name] = n.Ready
	}
	keys := slices.SortedFunc(maps.Keys(s.Workloads), workspace.Key.Compare)
	for _, k := range keys {
		l := s.Workloads[k]
		l.Pods = slices.DeleteFunc(slices.Clone(l.Pods), func(p cluster.Pod) bool { _, on := ready[p.Node]; return !on })
		for _, p := range l.Pods {
			used[p.Node] += l.GPUs
		}
		s.Workloads[k] = l
	}
	for _, k := range keys {
		l := s.Workloads[k]
		for _, n := range s.Nodes {
			if int64(len(l.Pods)) < l.Replicas && n.Pool == l.Pool && n.Ready && used[n.Name]+l.GPUs <= n.GPUs {
				used[n.Name] += l.GPUs
				name := fmt.Sprintf("%s-%d", k.Name, len(l.Pods))
				l.Pods = append(l.Pods, cluster.Pod{Name: name, Node: n.Name, Phase: "Running"})
			}
		}
		l.Ready = 0
		for i := range l.Pods {
			if l.Pods[i].Ready = ready[l.Pods[i].Node] && !restart[k]; l.Pods[i].Ready {
				l.Ready++
			}
		}
		l.Endpoints, l.Updating = int(l.Ready), l.Ready < l.Replicas
		s.Workloads[k] = l
	}
}

// tell reports what a roll-out depends on.
func (w *world) tell(r Result) {
	was := w.seen.Reported
	w.seen.Reported = map[workspace.Key]rollout.Reported{}
	for i := range r.Desired.Workloads {
		d := r.Desired.Workloads[i]
		live, is := w.seen.State.Workloads[d.Key], was[d.Key]
		is.Served = !d.Workspace.Suspended() && (is.Served || live.Replicas > 0 && live.Ready >= live.Replicas)
		if is.Inputs != d.Workspace.Digest {
			is.Commit, is.Inputs = r.Plan.Head, d.Workspace.Digest
		}
		if live.Inputs == d.Workspace.Digest {
			is.CarriedOut = is.Commit
		}
		w.seen.Reported[d.Key] = is
	}
}

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// shareBrought gives out the GPUs of brought nodes, each once: first to pods that run, then to what is to run, in the order
// of keys. The scheduler has the last word on which node a pod gets; what is decided here is only who is told that there is
// no room, instead of promising the same GPUs twice.
func shareBrought(wishes []Wish, seen Observed) {
	if !seen.Live {
		return
	}
	l := newLedger(seen.State)
	order := make([]*Wish, 0, len(wishes))
	for i := range wishes {
		w := &wishes[i]
		if len(w.Blocked) == 0 && w.Waiting == "" && !w.Finished && !w.Workspace.Suspended() {
			order = append(order, w)
			l.settle(w)
		}
	}
	slices.SortStableFunc(order, func(a, b *Wish) int { return cmp.Compare(l.settled[b.Key], l.settled[a.Key]) })
	for _, w := range order {
		if trouble := l.promise(w); trouble.Reason != "" && w.NodeTrouble.Reason == "" {
			w.NodeTrouble = trouble
		}
	}
}

// ledger is who has how much of which node.
type ledger struct {
	state   cluster.State
	free    map[string]map[string]int64 // by node and profile; profile "" is whole GPUs
	takers  map[string][]string         // by node
	settled map[workspace.Key]int       // pods that have their GPUs
}

func newLedger(s cluster.State) *ledger {
	l := &ledger{state: s, free: map[string]map[string]int64{}, takers: map[string][]string{}, settled: map[workspace.Key]int{}}
	for _, n := range s.Nodes {
		l.free[n.Name] = map[string]int64{"": n.GPUs - n.Taken}
		for profile, count := range n.Slices {
			l.free[n.Name][profile] = count
		}
		if n.Cordoned {
			l.free[n.Name] = map[string]int64{}
			l.takers[n.Name] = append(l.takers[n.Name], "being cordoned")
		}
		if n.Taken > 0 {
			l.takers[n.Name] = append(l.takers[n.Name], "pods of others")
		}
	}
	return l
}

// share is how much the Workspace takes of each of its nodes.
func share(w *Wish) int64 {
	if w.Workspace.MIGProfile() != "" {
		return 1
	}
	return int64(w.Placement.GPUsPerNode)
}

// settle books the pods that are bound to a node already.
func (l *ledger) settle(w *Wish) {
	for _, p := range l.state.Workloads[w.Key].Pods {
		if p.Node != "" && p.Phase != "Succeeded" && p.Phase != "Failed" && l.free[p.Node] != nil {
			l.take(p.Node, w)
			l.settled[w.Key]++
		}
	}
}

func (l *ledger) take(node string, w *Wish) {
	l.free[node][w.Workspace.MIGProfile()] -= share(w)
	l.takers[node] = append(l.takers[node], w.Key.String())
}

// promise books what the Workspace still needs, or says who is in the way.
func (l *ledger) promise(w *Wish) cluster.Trouble {
	open := w.Placement.Nodes - l.settled[w.Key]
	for _, n := range w.nodes {
		if open > 0 && l.free[n.Name][w.Workspace.MIGProfile()] >= share(w) {
			l.take(n.Name, w)
			open--
		}
	}
	if open <= 0 || len(w.nodes) < w.Placement.Nodes {
		return cluster.Trouble{} // all is well, or nodes are missing, which is said already
	}
	var full []string
	for _, n := range w.nodes {
		if takers := l.takers[n.Name]; len(takers) > 0 {
			full = append(full, n.Name+" by "+strings.Join(takers, ", "))
		}
	}
	what := cluster.ResourceGPU
	if profile := w.Workspace.MIGProfile(); profile != "" {
		what = cluster.ResourceMIG + profile
	}
	message := fmt.Sprintf("%d of %d nodes: no other that matches %s has %d %s free", w.Placement.Nodes-open, w.Placement.Nodes, selector(w.Workspace), share(w), what)
	if len(full) > 0 {
		message += "; taken on " + strings.Join(full, "; ")
	}
	return cluster.Trouble{Reason: gpusTaken, Message: message}
}

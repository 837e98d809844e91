// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/capacity"
)

// Nodes simulates the nodes of a Fake's pools, and the pods on them: the controllers that create pods, the scheduler
// that binds them, and the kubelet that starts them. Time advances in steps; a caller with a clock advances both.
//
//   - A node that has joined is ready, with its GPUs, after one step and Late more.
//   - A pod runs only on nodes of its workload's pool. The scheduler takes the node with the most free GPUs, and the
//     pod is ready one step later.
//   - A workload whose template changes loses its pods first, and gets new ones.
//   - The scheduler binds a pod again when its node is gone.
//
// Apply fails the test when a workload that runs is moved without need: a job ever, a server before its new nodes have
// room.
type Nodes struct {
	Late    int      // steps that the GPUs of a new node are late
	Unready bool     // pods that start do not become ready
	Moves   []string // workloads that were moved while they ran

	t         testing.TB
	cloud     *Fake
	workloads map[string]*Workload
	pods      map[string]*Pod
	age       map[string]int    // steps since a node became ready; not positive while it is not
	foreign   map[string]string // node of each pod that is not syncer's
}

// Finish is how a job ended.
type Finish string

// The ends of a job. A workload that goes on has none.
const (
	Complete Finish = "Complete"
	Broken   Finish = "Failed"
)

// Workload is what pods are made from.
type Workload struct {
	Name     string // "namespace/name"
	Job      bool
	Pool     string // of its nodes
	GPUs     int    // of each pod
	Replicas int
	Template string // a change replaces the pods
	Finished Finish
}

// Pod is one pod of a Workload.
type Pod struct {
	Name     string // "namespace/name"
	Workload string
	Template string
	Pool     string
	GPUs     int
	Node     string // "" while it is pending
	Steps    int    // since it was bound
}

// NewNodes returns the nodes of a Fake, with no workload.
func NewNodes(t testing.TB, cloud *Fake) *Nodes {
	return &Nodes{
		t:         t,
		cloud:     cloud,
		workloads: map[string]*Workload{},
		pods:      map[string]*Pod{},
		age:       map[string]int{},
		foreign:   map[string]string{},
	}
}

// Apply makes workloads, or changes them, and lets the controllers and the scheduler act.
func (n *Nodes) Apply(workloads ...Workload) {
	n.t.Helper()
	reserved := map[string]int{} // GPUs of a node, for workloads that move in this call
	for _, w := range workloads {
		if old := n.workloads[w.Name]; old != nil {
			if old.Finished == "" && n.Runs(w.Name) {
				n.checkMove(*old, w, reserved)
			}
			w.Finished = old.Finished
			if w.Job && old.Template != w.Template {
				n.Remove(w.Name)
				w.Finished = ""
			}
		}
		n.workloads[w.Name] = &w
	}
	n.Reconcile()
}

// checkMove fails the test when a workload that runs loses its nodes without need, or before the new ones have room for
// it.
func (n *Nodes) checkMove(old, w Workload, reserved map[string]int) {
	n.t.Helper()
	if old.Pool == w.Pool || w.Replicas == 0 {
		return
	}
	n.Moves = append(n.Moves, fmt.Sprintf("%s: %s -> %s", w.Name, old.Pool, w.Pool))
	if w.Job {
		n.t.Errorf("job %s runs, and is moved from pool %s to %s", w.Name, old.Pool, w.Pool)
	}
	left := w.Replicas
	for _, node := range n.cloud.Nodes()[w.Pool] {
		for ; left > 0 && n.Ready(node) && n.free(node, w.Pool)-reserved[node] >= max(w.GPUs, 1); left-- {
			reserved[node] += max(w.GPUs, 1)
		}
	}
	if left > 0 {
		n.t.Errorf("%s is moved to pool %s, which has room for %d of %d pods", w.Name, w.Pool, w.Replicas-left, w.Replicas)
	}
}

// Remove deletes a workload with its pods.
func (n *Nodes) Remove(name string) {
	for _, p := range n.Pods(name) {
		delete(n.pods, p.Name)
	}
	delete(n.workloads, name)
}

// Finish ends a job that runs.
func (n *Nodes) Finish(name string, how Finish) { n.workloads[name].Finished = how }

// Find returns a workload; the zero Workload when there is none.
func (n *Nodes) Find(name string) Workload {
	if w := n.workloads[name]; w != nil {
		return *w
	}
	return Workload{}
}

// Workloads returns all workloads in the order of their names.
func (n *Nodes) Workloads() []Workload {
	var out []Workload
	for _, name := range slices.Sorted(maps.Keys(n.workloads)) {
		out = append(out, *n.workloads[name])
	}
	return out
}

// Pods returns the pods of a workload in the order of their names.
func (n *Nodes) Pods(workload string) []Pod {
	var out []Pod
	for _, name := range slices.Sorted(maps.Keys(n.pods)) {
		if p := n.pods[name]; p.Workload == workload {
			out = append(out, *p)
		}
	}
	return out
}

// Runs reports whether a pod of the workload is on a node.
func (n *Nodes) Runs(workload string) bool {
	return slices.ContainsFunc(n.Pods(workload), func(p Pod) bool { return p.Node != "" })
}

// Running counts the pods that are on a node and have not finished.
func (n *Nodes) Running() int {
	count := 0
	for _, p := range n.pods {
		if n.busy(p) {
			count++
		}
	}
	return count
}

// Ready reports whether the GPUs of a node can be allocated.
func (n *Nodes) Ready(node string) bool { return n.age[node] > 0 }

// ReadyPod reports whether a pod has started, and is ready.
func (n *Nodes) ReadyPod(p Pod) bool { return p.Node != "" && p.Steps > 0 && !n.Unready }

// Break takes the GPUs of a node away for some steps. What runs there goes on.
func (n *Nodes) Break(node string, steps int) { n.age[node] = -steps }

// AddForeign puts a pod that is not syncer's on a node.
func (n *Nodes) AddForeign(name, node string) { n.foreign[name] = node }

// RemoveForeign removes all pods that are not syncer's.
func (n *Nodes) RemoveForeign() { clear(n.foreign) }

// On lists the pods on a node that have not finished, syncer's or not.
func (n *Nodes) On(node string) []string {
	var out []string
	for name, p := range n.pods {
		if p.Node == node && n.busy(p) {
			out = append(out, name)
		}
	}
	for name, at := range n.foreign {
		if at == node {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Used counts the GPUs of a node that syncer's pods hold.
func (n *Nodes) Used(node string) int {
	used := 0
	for _, p := range n.pods {
		if p.Node == node && n.busy(p) {
			used += p.GPUs
		}
	}
	return used
}

// Step lets one step of time go by: nodes join, pods are bound and start.
func (n *Nodes) Step() {
	age := map[string]int{}
	for _, names := range n.cloud.Nodes() {
		for _, name := range names {
			before, known := n.age[name]
			if !known {
				before = -n.Late
			}
			age[name] = before + 1
		}
	}
	n.age = age
	for name, node := range n.foreign {
		if _, there := age[node]; !there {
			delete(n.foreign, name)
		}
	}
	n.Reconcile()
	for _, p := range n.pods {
		if p.Node != "" {
			p.Steps++
		}
	}
}

// Reconcile lets the controllers make and delete pods, and the scheduler bind them.
func (n *Nodes) Reconcile() {
	for _, w := range n.Workloads() {
		if w.Finished != "" {
			continue
		}
		wanted := map[string]bool{}
		for i := range w.Replicas {
			name := fmt.Sprintf("%s-%d", w.Name, i)
			wanted[name] = true
			if p := n.pods[name]; p == nil || p.Template != w.Template {
				n.pods[name] = &Pod{
					Name:     name,
					Workload: w.Name,
					Template: w.Template,
					Pool:     w.Pool,
					GPUs:     w.GPUs,
				}
			}
		}
		for _, p := range n.Pods(w.Name) {
			if !wanted[p.Name] {
				delete(n.pods, p.Name)
			}
		}
	}
	nodes := n.cloud.Nodes()
	for _, name := range slices.Sorted(maps.Keys(n.pods)) {
		p := n.pods[name]
		if p.Node != "" && !slices.Contains(nodes[p.Pool], p.Node) {
			p.Node, p.Steps = "", 0
		}
		if p.Node == "" && n.workloads[p.Workload].Finished == "" {
			p.Node = n.emptiest(nodes[p.Pool], p)
		}
	}
}

// emptiest returns the node with the most free GPUs that has room for the pod; "" when none has.
func (n *Nodes) emptiest(nodes []string, p *Pod) string {
	best, most := "", -1
	for _, node := range nodes {
		if free := n.free(node, p.Pool); n.Ready(node) && free >= p.GPUs && free > most {
			best, most = node, free
		}
	}
	return best
}

func (n *Nodes) free(node, pool string) int {
	live := n.cloud.Find(pool)
	if live == nil {
		return 0
	}
	sku, _ := capacity.LookupSKU(live.Size)
	return sku.GPUs - n.Used(node)
}

// busy reports whether a pod is on a node and holds what it asked for.
func (n *Nodes) busy(p *Pod) bool { return p.Node != "" && n.workloads[p.Workload].Finished == "" }

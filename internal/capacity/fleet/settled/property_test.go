// SPDX-License-Identifier: Apache-2.0

package settled_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/capacity/fleet/settled"
	"syncer.dev/syncer/internal/workspace"
)

// plain is a fleet as a Roster has it, computed from nothing.
type plain struct {
	Queue, Around map[string][]string // of all, and by pool
	Nodes         map[string][]string // Workloads by node, and nodes by pool
	Runs          map[string]string
	Standings     map[string]capacity.Standing
	Sums          map[string]settled.Sum
}

// plainly computes it the long way.
func plainly(fleet map[workspace.Key]question.Workload, nodes []question.Node, pools []string) plain {
	out := empty()
	at := map[string]string{}
	for _, n := range nodes {
		at[n.Name] = n.Pool
		out.Nodes["pool "+n.Pool] = append(out.Nodes["pool "+n.Pool], n.Name)
	}
	all := slices.Collect(maps.Values(fleet))
	for _, w := range all {
		name := w.Workspace.Name
		for _, pod := range w.Pods {
			if pool, ok := at[pod.Node]; ok && (out.Runs[name] == "" || pool == w.Pool) {
				out.Runs[name] = pool
			}
			if on := "node " + pod.Node; !slices.Contains(out.Nodes[on], name) {
				out.Nodes[on] = append(out.Nodes[on], name)
			}
		}
		out.Standings[name] = w.Standing(out.Runs[name] != "")
	}
	slices.SortFunc(all, func(a, b question.Workload) int {
		return question.Before(&a, out.Standings[a.Workspace.Name], &b, out.Standings[b.Workspace.Name])
	})
	for _, w := range all {
		out.Queue[""] = append(out.Queue[""], w.Workspace.Name)
	}
	for _, pool := range pools {
		reached := map[string]bool{pool: true}
		for range pools { // no way is longer
			for _, w := range all {
				if touches(&w, at, reached) {
					for _, pod := range w.Pods {
						if p, ok := at[pod.Node]; ok {
							reached[p] = true
						}
					}
				}
			}
		}
		for _, w := range all {
			if touches(&w, at, reached) {
				out.Around[pool] = append(out.Around[pool], w.Workspace.Name)
			}
		}
		out.Sums[pool] = sumOf(pool, nodes)
	}
	for on := range out.Nodes {
		if on[:4] == "node" {
			slices.Sort(out.Nodes[on])
		}
	}
	return out
}

func touches(w *question.Workload, at map[string]string, pools map[string]bool) bool {
	return slices.ContainsFunc(w.Pods, func(pod question.Pod) bool {
		pool, ok := at[pod.Node]
		return ok && pools[pool]
	})
}

func sumOf(pool string, nodes []question.Node) settled.Sum {
	var s settled.Sum
	for _, n := range nodes {
		if n.Pool != pool || n.Pods == 0 {
			continue
		}
		s.InUse++
		n.Name, n.Pods = "", 1
		i := slices.IndexFunc(s.Parts, func(p settled.Part) bool { return p.Node == n })
		if i < 0 {
			i = len(s.Parts)
			s.Parts = append(s.Parts, settled.Part{Node: n})
		}
		s.Parts[i].Count++
	}
	return s
}

// as is what a Roster has.
func as(r *settled.Roster[int], pools []string) plain {
	out := empty()
	out.Queue[""] = names(r.Queue)
	for k, o := range r.ByKey {
		if o.Runs != "" {
			out.Runs[k.Name] = o.Runs
		}
		out.Standings[k.Name] = o.Standing
	}
	for node, on := range r.On {
		out.Nodes["node "+node] = sorted(on)
	}
	for pool, nodes := range r.Nodes.ByPool {
		for _, n := range nodes {
			out.Nodes["pool "+pool] = append(out.Nodes["pool "+pool], n.Name)
		}
	}
	for _, pool := range pools {
		if around := names(r.Around(pool)); around != nil {
			out.Around[pool] = around
		}
		out.Sums[pool] = *r.Nodes.Sum(pool)
	}
	return out
}

func empty() plain {
	return plain{
		Queue: map[string][]string{}, Around: map[string][]string{}, Nodes: map[string][]string{},
		Runs: map[string]string{}, Standings: map[string]capacity.Standing{}, Sums: map[string]settled.Sum{},
	}
}

// TestTurnsEqualNothing: after any changes, few or many at once, a Roster is that of a fleet which is put together at
// once; what it has kept of a Workload is from the last time that this or a node of its pods has changed.
func TestTurnsEqualNothing(t *testing.T) {
	pools := []string{"a", "b", "c", "d"}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := settled.NewRoster[int]()
		fleet, known := map[workspace.Key]question.Workload{}, map[workspace.Key]question.Workload{}
		nodesOf := map[workspace.Key][]question.Node{} // of the pods of each, when it was last fresh
		var nodes []question.Node
		made := 0
		for step := range 40 {
			nodes = slices.Clone(nodes)
			many := 1 + rng.IntN(3)
			if step%13 == 0 {
				many = 150 // more than are put in their place one by one
			}
			come, gone := map[workspace.Key]bool{}, map[workspace.Key]bool{}
			for range many {
				nodes = changeNodes(rng, nodes, pools, &made)
				change(rng, fleet, nodes, come, gone, &made)
			}
			var list []question.Workload
			for k := range come {
				if !gone[k] {
					list = append(list, fleet[k])
				}
			}
			old, fresh, touched := r.Turn(nodes, list, slices.Collect(maps.Keys(gone)))
			want := plainly(fleet, nodes, pools)
			if diff := cmp.Diff(want, as(r, pools)); diff != "" {
				t.Fatalf("seed %d, step %d: the Roster (+) differs: %s", seed, step, diff)
			}
			if !slices.Equal(sorted(old), were(known, fleet, nodesOf, nodes, come, true)) ||
				!slices.Equal(sorted(fresh), were(known, fleet, nodesOf, nodes, come, false)) {
				t.Fatalf("seed %d, step %d: %v count no more and %v from now on", seed, step, sorted(old), sorted(fresh))
			}
			for _, o := range slices.Concat(old, fresh) {
				for _, n := range slices.Concat(nodesOf[o.Workload.Workspace], hosts(&o.Workload, nodes)) {
					if !touched[n.Pool] {
						t.Fatalf("seed %d, step %d: a change in pool %s is not said", seed, step, n.Pool)
					}
				}
			}
			known = maps.Clone(fleet)
			nodesOf = map[workspace.Key][]question.Node{}
			for k, w := range fleet {
				nodesOf[k] = hosts(&w, nodes)
			}
		}
	}
}

// hosts are the nodes of the pods of a Workload.
func hosts(w *question.Workload, nodes []question.Node) []question.Node {
	var out []question.Node
	for _, n := range nodes {
		if slices.ContainsFunc(w.Pods, func(p question.Pod) bool { return p.Node == n.Name }) {
			out = append(out, n)
		}
	}
	return out
}

// were returns the Workloads that have come, or differ from one fleet to the next, by themselves or by their nodes:
// those that were there before, or those that are there now.
func were(
	known, fleet map[workspace.Key]question.Workload, nodesOf map[workspace.Key][]question.Node, nodes []question.Node,
	come map[workspace.Key]bool, before bool,
) []string {
	var out []string
	for k := range merged(known, fleet) {
		was, had := known[k]
		is, has := fleet[k]
		if had && has && !come[k] && reflect.DeepEqual(was, is) && reflect.DeepEqual(nodesOf[k], hosts(&is, nodes)) {
			continue
		}
		if before && had || !before && has {
			out = append(out, k.Name)
		}
	}
	return slices.Sorted(slices.Values(out))
}

func merged(a, b map[workspace.Key]question.Workload) map[workspace.Key]question.Workload {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// changeNodes makes a random change to the nodes.
func changeNodes(rng *rand.Rand, nodes []question.Node, pools []string, made *int) []question.Node {
	if len(nodes) == 0 || rng.IntN(4) == 0 {
		*made++
		n := node(fmt.Sprintf("node-%d", *made), pools[rng.IntN(len(pools))])
		return slices.Insert(nodes, rng.IntN(len(nodes)+1), n)
	}
	at := rng.IntN(len(nodes))
	switch n := &nodes[at]; rng.IntN(6) {
	case 0:
		n.Ready = !n.Ready
	case 1:
		n.Pods = rng.IntN(3)
	case 2:
		n.Used = rng.IntN(9)
	case 3:
		n.Pool = pools[rng.IntN(len(pools))]
	case 4:
		return slices.Delete(nodes, at, at+1)
	}
	return nodes
}

// change makes a random change to the fleet.
func change(
	rng *rand.Rand, fleet map[workspace.Key]question.Workload, nodes []question.Node,
	come, gone map[workspace.Key]bool, made *int,
) {
	on := func() (out []string) {
		for range rng.IntN(4) {
			if len(nodes) > 0 {
				out = append(out, nodes[rng.IntN(len(nodes))].Name)
			}
		}
		if rng.IntN(8) == 0 {
			out = append(out, "unknown")
		}
		return out
	}
	known := slices.SortedFunc(maps.Keys(fleet), func(a, b workspace.Key) int { return strings.Compare(a.Name, b.Name) })
	if len(known) == 0 || rng.IntN(3) == 0 {
		*made++
		w := workload(fmt.Sprintf("w-%d", *made), on()...)
		fleet[w.Workspace], come[w.Workspace] = w, true
		return
	}
	k := known[rng.IntN(len(known))]
	w := fleet[k]
	switch rng.IntN(4) {
	case 0:
		w = workload(k.Name, on()...)
	case 1:
		w.Priority = workspace.Priorities[rng.IntN(len(workspace.Priorities))]
	case 2:
		w.Pool = "b"
	case 3:
		delete(fleet, k)
		gone[k] = true
		return
	}
	fleet[k], come[k] = w, true
}

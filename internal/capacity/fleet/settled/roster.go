// SPDX-License-Identifier: Apache-2.0

package settled

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/question"
	"syncer.dev/syncer/internal/workspace"
)

// Roster has the Workloads of a fleet with its nodes. T is what the caller keeps of a Workload while neither that nor
// the nodes of its pods change.
type Roster[T any] struct {
	ByKey map[workspace.Key]*Record[T]
	Queue []*Record[T]            // in the order in which they are served
	On    map[string][]*Record[T] // by node
	Nodes *Nodes
}

// Record is a Workload of a Roster.
type Record[T any] struct {
	Workload question.Workload
	Standing capacity.Standing
	Runs     string // the pool on which its pods run; "" for none
	Kept     T
}

// NewRoster returns an empty Roster.
func NewRoster[T any]() *Roster[T] {
	return &Roster[T]{ByKey: map[workspace.Key]*Record[T]{}, On: map[string][]*Record[T]{}, Nodes: NewNodes()}
}

// Before compares two Records by the order in which they are served.
func (r *Record[T]) Before(o *Record[T]) int {
	return question.Before(&r.Workload, r.Standing, &o.Workload, o.Standing)
}

// Turn makes the Roster that of these nodes, in which some Workloads have come or changed, and others have gone. It
// returns the Records that count no more, those that count from now on, and the pools in which something has changed.
func (r *Roster[T]) Turn(
	nodes []question.Node, come []question.Workload, gone []workspace.Key,
) (old, fresh []*Record[T], pools map[string]bool) {
	leaves := map[*Record[T]]bool{}
	leave := func(o *Record[T]) {
		if o != nil && !leaves[o] {
			leaves[o] = true
			old = append(old, o)
		}
	}
	for _, key := range gone {
		leave(r.ByKey[key])
	}
	for i := range come {
		leave(r.ByKey[come[i].Workspace])
		fresh = append(fresh, &Record[T]{Workload: come[i]})
	}
	changed, pools := r.Nodes.Update(nodes)
	for _, name := range changed {
		for _, o := range r.On[name] {
			if !leaves[o] {
				leave(o)
				fresh = append(fresh, &Record[T]{Workload: o.Workload})
			}
		}
	}
	r.remove(old, leaves, pools)
	r.add(fresh, pools)
	return old, fresh, pools
}

// few is up to how many Records are put in their place one by one.
const few = 64

func (r *Roster[T]) remove(old []*Record[T], leaves map[*Record[T]]bool, pools map[string]bool) {
	if len(old) > few {
		r.Queue = slices.DeleteFunc(r.Queue, func(o *Record[T]) bool { return leaves[o] })
	}
	for _, o := range old {
		if len(old) <= few {
			if at, found := slices.BinarySearchFunc(r.Queue, o, (*Record[T]).Before); found {
				r.Queue = slices.Delete(r.Queue, at, at+1)
			}
		}
		delete(r.ByKey, o.Workload.Workspace)
		for _, pod := range o.Workload.Pods {
			r.On[pod.Node] = slices.DeleteFunc(r.On[pod.Node], func(x *Record[T]) bool { return x == o })
			if len(r.On[pod.Node]) == 0 {
				delete(r.On, pod.Node)
			}
			if pool, ok := r.Nodes.Pool(pod.Node); ok {
				pools[pool] = true
			}
		}
	}
}

func (r *Roster[T]) add(fresh []*Record[T], pools map[string]bool) {
	for _, o := range fresh {
		n := &o.Workload
		o.Runs = n.Runs(r.Nodes.Pool)
		o.Standing = n.Standing(o.Runs != "")
		r.ByKey[n.Workspace] = o
		for i, pod := range n.Pods {
			if !slices.ContainsFunc(n.Pods[:i], func(x question.Pod) bool { return x.Node == pod.Node }) {
				r.On[pod.Node] = append(r.On[pod.Node], o)
			}
			if pool, ok := r.Nodes.Pool(pod.Node); ok {
				pools[pool] = true
			}
		}
	}
	if len(fresh) > few {
		r.Queue = append(r.Queue, fresh...)
		slices.SortFunc(r.Queue, (*Record[T]).Before)
		return
	}
	for _, o := range fresh {
		at, _ := slices.BinarySearchFunc(r.Queue, o, (*Record[T]).Before)
		r.Queue = slices.Insert(r.Queue, at, o)
	}
}

// Around lists the Records with pods on a pool, and on all pools where these have more, in the order in which they are
// served.
func (r *Roster[T]) Around(pool string) []*Record[T] {
	there := map[*Record[T]]bool{}
	var out []*Record[T]
	todo, looked := []string{pool}, map[string]bool{pool: true}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		for _, node := range r.Nodes.ByPool[next] {
			for _, o := range r.On[node.Name] {
				if there[o] {
					continue
				}
				there[o] = true
				out = append(out, o)
				for _, pod := range o.Workload.Pods {
					if other, ok := r.Nodes.Pool(pod.Node); ok && !looked[other] {
						looked[other] = true
						todo = append(todo, other)
					}
				}
			}
		}
	}
	slices.SortFunc(out, (*Record[T]).Before)
	return out
}

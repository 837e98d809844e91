package plan

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/workspace"
)

// Comparison is everything that Make looks at.
type Comparison struct {
	Cluster    string
	Base, Head string
	Desired    Desired
	// Previews says for each object of Desired what applying it would do, in the order of Desired.Objects.
	Previews []cluster.Preview
	// Live are the objects that carry our labels: what Desired no longer has among them is deleted, unless Guard objects.
	Live  []cluster.Object
	Pools []capacity.PoolChange
	Quota []capacity.Shortfall
	Guard Guard
	// InUse says what still runs on a live NodePool that nothing asks for, or "".
	InUse func(*cluster.Object) string
	// NodePoolsCost is what the NodePools cost before; it counts only in mode karpenter.
	NodePoolsCost capacity.Cost
}

// Make compares what is desired with what is there.
func Make(c Comparison) Plan {
	p := Plan{Cluster: c.Cluster, Base: c.Base, Head: c.Head, Problems: c.Desired.Problems, Quota: c.Quota, Guard: c.Guard}
	ensure, release := poolChanges(c.Pools)
	prune, warnings := prunes(c)
	p.Warnings = append(slices.Clone(c.Desired.Warnings), warnings...)
	p.Changes = slices.Concat(ensure, objectChanges(c.Previews, c.Desired.Objects), prune, release)
	p.Workspaces = workspaces(c, p.Changes)
	p.Cost = costs(c.Pools)
	if after, any := nodePoolCost(c.Desired.Wishes); any || c.NodePoolsCost.USD > 0 {
		p.Cost = CostChange{Before: p.Cost.Before.Add(c.NodePoolsCost), After: p.Cost.After.Add(after)}
	}
	return p
}

// poolChanges splits the changes to pools into those that come before the objects and the deletions that come after.
func poolChanges(changes []capacity.PoolChange) (ensure, release []Change) {
	ops := map[capacity.Op]Op{
		capacity.Create: Create, capacity.Update: Update, capacity.Delete: Delete, capacity.Keep: NoOp, capacity.Wait: Hold,
	}
	for i := range changes {
		pc := &changes[i]
		c := Change{Op: ops[pc.Op], Target: "Pool/" + pc.Name, Reason: pc.Reason, Pool: pc}
		switch {
		case pc.Desired != nil:
			c.Workspace, c.Cost = pc.Desired.Workspace, pc.Desired.HourlyCost
		case pc.Live != nil:
			c.Workspace = pc.Live.Workspace
		}
		if pc.Op == capacity.Delete {
			release = append(release, c)
		} else {
			ensure = append(ensure, c)
		}
	}
	return ensure, release
}

// objectChanges puts the server's (or the other commit's) answer for each object into words.
func objectChanges(previews []cluster.Preview, objects []Object) []Change {
	out := make([]Change, 0, len(previews))
	for i, pv := range previews {
		o := objects[i]
		c := Change{Workspace: o.Workspace, Target: pv.Ref.String(), Namespace: pv.Ref.Namespace, Object: o.Content}
		switch {
		case pv.Err != nil:
			c.Op, c.Reason = Hold, pv.Err.Error()
		case pv.Replace != "":
			c.Op, c.Reason = Replace, pv.Replace
		case pv.Before == nil && pv.After != nil:
			c.Op = Create
		case pv.After != nil:
			c.Op = Update
		default:
			c.Op = NoOp
		}
		if c.Op == Create || c.Op == Update || c.Op == Replace {
			after := cmp.Or(pv.After, o.Content)
			d := diff.Objects(pv.Before, after)
			c.Diff = d.Unified
			if pv.Before != nil {
				c.Fields = d.Fields
			}
		}
		out = append(out, c)
	}
	return out
}

// workspaces sums up the changes for each Workspace.
func workspaces(c Comparison, changes []Change) []Workspace {
	byKey := map[workspace.Key]*Workspace{}
	for i := range c.Desired.Wishes {
		w := &c.Desired.Wishes[i]
		out := &Workspace{Key: w.Key, Op: NoOp, Source: w.Workspace.Source.Path, Preset: w.Workspace.PresetName(), Notes: slices.Concat(w.Notes, w.Missing)}
		for _, p := range w.Blocked {
			out.Op, out.Blocked = Hold, append(out.Blocked, p.String())
		}
		out.InstanceType = w.Placement.InstanceType
		out.Nodes, out.GPUs = w.Placement.Nodes, w.Placement.Nodes*w.Placement.GPUsPerNode
		if w.Pool != nil {
			out.HourlyCost = w.Binding.Cost
			out.Pool, out.Shared, out.Reason = w.Binding.Pool, w.Binding.Shared, w.Binding.Reason
		}
		if w.Waiting != "" {
			out.Op, out.Unplaced = Hold, w.Waiting
		}
		if w.NodePool != nil {
			out.HourlyCost = w.NodePool.HourlyCost
		}
		byKey[w.Key] = out
	}
	for _, ch := range changes {
		if !ch.ofOne() {
			continue
		}
		w, ok := byKey[ch.Workspace]
		if !ok {
			w = &Workspace{Key: ch.Workspace, Op: Delete}
			byKey[ch.Workspace] = w
		}
		if w.Op == NoOp && ch.Op != NoOp {
			w.Op = Update
		}
	}
	for _, w := range byKey {
		w.Op = wholly(w, changes)
	}
	out := make([]Workspace, 0, len(byKey))
	for _, w := range byKey {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Workspace) int { return a.Key.Compare(b.Key) })
	return out
}

// wholly returns Create or Replace for an update of which the workload itself is created or replaced.
func wholly(w *Workspace, changes []Change) Op {
	if w.Op != Update {
		return w.Op
	}
	for _, ch := range changes {
		if ch.Workspace != w.Key || ch.Object == nil || !isWorkload(ch.Object) {
			continue
		}
		if ch.Op == Create || ch.Op == Replace {
			return ch.Op
		}
	}
	return Update
}

func isWorkload(o *unstructured.Unstructured) bool {
	return o.GetKind() == "StatefulSet" || o.GetKind() == "Job"
}

// costs sums the price of our pools as they are and as they will be. One unknown price makes the sum unknown.
func costs(changes []capacity.PoolChange) CostChange {
	sum := CostChange{Before: capacity.Cost{Known: true}, After: capacity.Cost{Known: true}}
	for _, c := range changes {
		if c.Live != nil && c.Live.Owned {
			sum.Before = sum.Before.Add(c.LiveCost)
		}
		switch {
		case c.Op == capacity.Delete:
		case c.Op == capacity.Wait && c.Live == nil: // held back: nothing is bought
		case c.Desired != nil:
			sum.After = sum.After.Add(c.Desired.HourlyCost)
		default:
			sum.After = sum.After.Add(c.LiveCost)
		}
	}
	return sum
}

// prunes lists the live objects that nothing asks for any more, and says what is held back.
func prunes(c Comparison) (out []Change, warnings []string) {
	wanted := map[cluster.Ref]bool{}
	for _, o := range c.Desired.Objects {
		r := cluster.RefOf(o.Content)
		r.Version = ""
		wanted[r] = true
	}
	var held int
	for i := range c.Live {
		live := &c.Live[i]
		ref := live.Ref
		ref.Version = ""
		if wanted[ref] || live.Deleting {
			continue
		}
		ch := Change{Workspace: live.Workspace, Target: live.Ref.String(), Namespace: live.Namespace, Live: live, Op: Delete}
		if reason := c.Guard.holds(live); reason != "" {
			ch.Op, ch.Reason = Hold, reason
			held++
		} else if c.InUse != nil {
			if ch.Reason = c.InUse(live); ch.Reason != "" {
				ch.Op, ch.Later = Hold, true
			}
		}
		out = append(out, ch)
	}
	if c.Guard.Nothing != "" && held > 0 {
		warnings = append(warnings, fmt.Sprintf("nothing is deleted: %s", c.Guard.Nothing))
	}
	return out, warnings
}

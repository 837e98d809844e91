// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/pools"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/plan/cause"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Comparison is the input of Make.
type Comparison struct {
	Policy     desired.Policy
	Base, Head string
	Desired    desired.Desired
	// Before returns the values of a Workspace that exists, the i-th of Desired.Workloads or with an i below 0 one that is
	// no longer desired; false for one that does not exist. Serving reports whether one answers requests now.
	Before  func(k workspace.Key, i int) (Values, bool)
	Serving func(workspace.Key) bool
	// Previews holds the result of a dry run for each object, in the order of Desired.Objects.
	Previews []*cluster.Preview
	// Live are the objects with the labels of syncer. The plan deletes those that are not desired, unless Guard holds
	// them.
	Live  []*cluster.Object
	Pools []capacity.PoolChange
	Quota []pools.QuotaExceeded
	Guard Guard
	// InUse names a pod that still runs on a live NodePool that is not desired, or returns "".
	InUse func(*cluster.Object) string
	// NodePoolsCost is the cost of the live NodePools; it counts only in mode karpenter.
	NodePoolsCost capacity.Cost
	Raise         capacity.Cost // what the change costs; see CostChange

	objects []*Change     // of Previews
	facts   []*transition // of Desired.Workloads, in their order
	rows    []*Workspace  // of Desired.Workloads, without the changes
	stays   []bool        // whether an object of Live is known to be desired; nil if none is
	calm    []bool        // whether no object of a Workload of Desired changes
	unowned bool          // no object without an owner changes
	stay    bool          // all Workspaces of which something is live are in the source
	last    *reuse
}

// prepare makes the parts that the policies look at before pools are planned.
func (c *Comparison) prepare() {
	c.unowned, c.calm = true, make([]bool, len(c.Desired.Workloads))
	for i := range c.calm {
		c.calm[i] = true
		for k, to := c.Desired.ObjectsOf(i); k < to; k++ {
			c.calm[i] = c.calm[i] && nothing(c.Previews[k])
		}
		c.unowned = c.unowned && c.calm[i]
	}
	for k := range c.Desired.Unowned() {
		c.unowned = c.unowned && nothing(c.Previews[k])
	}
	c.objects = c.objectChanges()
	holdBeside(c.objects, c.Live)
	c.facts = transitions(c)
}

// Make compares the desired with the live state.
func Make(c Comparison) Plan { return c.plan() }

func (c *Comparison) plan() Plan {
	if c.facts == nil {
		c.prepare()
	}
	p := Plan{
		Cluster:  c.Policy.Cluster,
		Base:     c.Base,
		Head:     c.Head,
		Problems: c.Desired.Problems,
		Quota:    c.Quota,
		Guard:    c.Guard,

		Region:     c.Policy.Region,
		PricesDate: c.Policy.Prices.Date(),
	}
	ensure, release := poolChanges(c.Pools)
	prune, warnings := prunes(c)
	p.Warnings = append(slices.Clone(c.Desired.Warnings), warnings...)
	objects := holdObjects(c.objects, c.Desired, c.Previews, c.Guard)
	p.Changes = slices.Concat(ensure, objects, prune, release)
	p.Workspaces = workspaces(c, p.Changes)
	p.Cost = costs(c.Pools)
	if after, any := nodePoolCost(c.Desired.Workloads); any || c.NodePoolsCost.USD > 0 {
		p.Cost = CostChange{Before: p.Cost.Before.Add(c.NodePoolsCost), After: p.Cost.After.Add(after)}
	}
	p.Cost.Raise = c.Raise
	return p
}

// holdObjects holds the changes to the objects of held Workspaces, and to those that their pods use, unless they only
// wait for others.
func holdObjects(changes []*Change, d desired.Desired, previews []*cluster.Preview, g Guard) []*Change {
	used := hold.Used(d, previews, g.firm)
	for _, c := range changes {
		if c.Op == NoOp || c.Op == Hold {
			continue
		}
		why := g.Held[c.Workspace]
		if c.Workspace == (workspace.Key{}) {
			why = cmp.Or(g.Halted.Object(c.Object), used[cluster.RefOf(c.Object)])
		}
		if why != "" {
			c.Op, c.Reason, c.Held = Hold, why, true
		}
	}
	return changes
}

// refusals returns the Workspaces with an object that the API server refuses, and its error.
func refusals(previews []*cluster.Preview, objects []desired.Object) map[workspace.Key]string {
	out := map[workspace.Key]string{}
	for i, p := range previews {
		if k := objects[i].Workspace; p.Err != nil && out[k] == "" {
			out[k] = fmt.Sprintf("%s: %v", p.Ref, p.Err)
		}
	}
	return out
}

// poolChanges splits the changes to pools into those that come before the objects and the deletions that come after.
func poolChanges(changes []capacity.PoolChange) (ensure, release []*Change) {
	ops := map[capacity.Op]Op{
		capacity.Create: Create, capacity.Update: Update, capacity.Delete: Delete, capacity.Keep: NoOp, capacity.Wait: Hold,
	}
	for i := range changes {
		pc := &changes[i]
		c := &Change{Op: ops[pc.Op], Target: "Pool/" + pc.Name, Reason: pc.Reason, Pool: pc}
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

// noise are the annotations and labels of objects that only repeat what a reviewer sees elsewhere: digests of all that
// an object is made of and of a ConfigMap, the file that it is from, and its preset.
var noise = []string{
	cluster.AnnotationInputs, wellknown.AnnotationConfig, cluster.AnnotationSource, wellknown.LabelPreset,
}

// objectChanges turns the previews of objects into changes.
func (c *Comparison) objectChanges() []*Change {
	out := make([]*Change, len(c.Previews))
	for k := range c.Desired.Unowned() {
		out[k] = objectChange(c.Previews[k], &c.Desired.Objects[k])
	}
	for i := range c.Desired.Workloads {
		for k, to := c.Desired.ObjectsOf(i); k < to; k++ {
			if nothing(c.Previews[k]) {
				out[k] = c.last.changeOf(c, i, k)
			}
		}
	}
	for k := range out {
		if out[k] == nil {
			out[k] = objectChange(c.Previews[k], &c.Desired.Objects[k])
		}
	}
	return out
}

// objectChange turns the preview of an object into a change.
func objectChange(pv *cluster.Preview, o *desired.Object) *Change {
	c := &Change{Workspace: o.Workspace, Target: pv.Ref.String(), Namespace: pv.Ref.Namespace, Object: o.Content}
	switch {
	case pv.Err != nil:
		c.Op, c.Reason, c.Refused = Hold, pv.Err.Error(), true
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
		paths, texts := diff.Later(pv.Before, after, noise...)
		c.Texts = texts
		if pv.Before != nil {
			c.Fields, c.Cause = paths, cause.Of(pv.Before, o.Content, paths)
			c.Reason = cmp.Or(c.Reason, c.Cause.Text())
		}
	}
	return c
}

// workspaces sums up the changes for each Workspace.
func workspaces(c *Comparison, changes []*Change) []*Workspace {
	rows := rowsOf(c)
	made := map[workspace.Key]Op{} // the workload of a Workspace is created or replaced
	for _, ch := range changes {
		if ch.Op == NoOp && ch.Object != nil { // its row says so
			continue
		}
		if ch.ofOne() && (ch.Op != NoOp || !rows.has(ch.Workspace)) {
			rows.count(ch, c.Before, made)
		}
	}
	uses := usedChanges(c.Desired, changes)
	for i := range rows.all {
		w := rows.all[i]
		if w.Op == NoOp && len(uses) == 0 && c.Guard.Held[w.Key] == "" {
			continue
		}
		w = rows.own(i)
		if w.Op == Update {
			w.Op = cmp.Or(made[w.Key], w.Op)
			if i < len(c.facts) && c.facts[i].replaced {
				w.Op = Replace
			}
		}
		w.Uses = uses[w.Key]
		if why := c.Guard.Held[w.Key]; why != "" { // even without a step: what it uses would change, or its place
			w.Op, w.Held = Hold, why
			if c.Guard.firm[w.Key] == "" {
				w.HeldBy = c.Guard.by[w.Key]
			}
			w.Interrupted = w.Interrupted || w.gone && w.Before.Serves
		}
	}
	if len(rows.all) > len(c.rows) {
		slices.SortStableFunc(rows.all, func(a, b *Workspace) int { return a.Key.Compare(b.Key) })
	}
	return rows.all
}

// count adds a change to the row of its Workspace.
func (r *table) count(
	ch *Change, before func(workspace.Key, int) (Values, bool), made map[workspace.Key]Op,
) {
	if _, ok := made[ch.Workspace]; !ok && ch.Object != nil && isWorkload(ch.Object) &&
		(ch.Op == Create || ch.Op == Replace) {
		made[ch.Workspace] = ch.Op
	}
	w, ok := r.of(ch.Workspace)
	if !ok {
		w.Op, w.gone = Hold, true
		w.Before, _ = before(ch.Workspace, -1)
		w.After = w.Before
	}
	switch {
	case w.gone:
		if ch.Op == Delete || ch.Later || ch.Pool != nil && ch.Op != NoOp {
			w.Op, w.After, w.Interrupted = Delete, Values{}, w.Before.Serves
		}
	case w.Op == NoOp && ch.Op != NoOp:
		w.Op = Update
	}
}

// table is the rows of a plan: those of Desired.Workloads, in their order, and those that are no longer desired.
type table struct {
	all   []*Workspace
	owned []bool                // the row may be changed
	last  int                   // that was asked for
	gone  map[workspace.Key]int // the places of those that are no longer desired, behind all others
}

// rowsOf returns the rows of what is desired.
func rowsOf(c *Comparison) table {
	c.rows = make([]*Workspace, len(c.Desired.Workloads))
	for i, w := range c.Desired.Workloads {
		if at := c.last.calmAt(c, i); at >= 0 {
			c.rows[i] = c.last.rows[at]
			continue
		}
		c.rows[i] = &Workspace{}
		rowOf(c.rows[i], w, c.facts[i])
		c.rows[i].Place = c.placeOf(w)
	}
	return table{all: slices.Clone(c.rows), owned: make([]bool, len(c.rows))}
}

// own returns a row that may be changed.
func (r *table) own(i int) *Workspace {
	if !r.owned[i] {
		row := *r.all[i]
		r.all[i], r.owned[i] = &row, true
	}
	return r.all[i]
}

// find returns the place of a Workspace. Changes come in the order of the rows, often next to each other.
func (r *table) find(k workspace.Key) (int, bool) {
	for i := r.last; i < min(r.last+2, len(r.all)); i++ {
		if r.all[i].Key == k {
			r.last = i
			return i, true
		}
	}
	desired := r.all[:len(r.all)-len(r.gone)]
	i, ok := slices.BinarySearchFunc(desired, k, func(w *Workspace, k workspace.Key) int { return w.Key.Compare(k) })
	if !ok {
		i, ok = r.gone[k]
	}
	if ok {
		r.last = i
	}
	return i, ok
}

func (r *table) has(k workspace.Key) bool {
	_, ok := r.find(k)
	return ok
}

// of returns the row of a Workspace; a new one, and false, if there is none.
func (r *table) of(k workspace.Key) (*Workspace, bool) {
	i, ok := r.find(k)
	if !ok {
		i = len(r.all)
		r.all, r.owned = append(r.all, &Workspace{Key: k}), append(r.owned, true)
		if r.gone == nil {
			r.gone = map[workspace.Key]int{}
		}
		r.gone[k] = i
	}
	return r.own(i), ok
}

// rowOf sums up the desired state of a Workspace.
func rowOf(out *Workspace, w *desired.Workload, t *transition) {
	*out = Workspace{
		Key:    w.Key,
		Op:     NoOp,
		Source: w.Workspace.Source.Path,
		Preset: w.Workspace.PresetName(),
		Model:  w.Model,
		Notes:  slices.Concat(w.Notes, w.Missing),
	}
	for _, p := range w.Blocked {
		out.Op, out.Blocked = Hold, append(out.Blocked, p.String())
	}
	out.InstanceType = w.Placement.InstanceType
	out.Nodes, out.GPUs = w.Placement.Nodes, w.Placement.Nodes*w.Placement.GPUsPerNode
	if w.Pool != nil {
		out.HourlyCost = w.Binding.Cost
		out.Pool, out.Shared, out.Reason = w.Binding.Pool, w.Binding.Shared, w.Binding.Reason
	}
	out.Priority, out.WaitsFor, out.Sizes = w.Priority, w.Behind, w.Sizes
	out.GivesWay, out.Interrupts = w.Binding.To, w.Binding.Takes
	if w.Waiting != "" {
		out.Op, out.Unplaced = Hold, w.Waiting
	}
	if no, ok := w.Obstacle(); ok {
		out.Unplaced, out.Refused = no.Message, true
	}
	if w.NodePool != nil {
		out.HourlyCost = w.NodePool.HourlyCost
	}
	out.Before, out.After, out.Interrupted = t.before, t.after, t.interrupted
}

func isWorkload(o *unstructured.Unstructured) bool {
	return o.Object["kind"] == "StatefulSet" || o.Object["kind"] == "Job"
}

// costs sums the prices of owned pools before and after. One unknown price makes the sum unknown.
func costs(changes []capacity.PoolChange) CostChange {
	sum := CostChange{Before: capacity.Cost{Known: true}, After: capacity.Cost{Known: true}}
	for _, c := range changes {
		if c.Live != nil && c.Live.Owned {
			sum.Before = sum.Before.Add(c.LiveCost)
		}
		switch {
		case c.Op == capacity.Delete:
		case c.Op == capacity.Wait && c.Live == nil: // held: syncer buys nothing
		case c.Desired != nil:
			sum.After = sum.After.Add(c.Desired.HourlyCost)
		default:
			sum.After = sum.After.Add(c.LiveCost)
		}
	}
	return sum
}

// prunes lists the live objects that are not desired, and warns if the guard holds any.
func prunes(c *Comparison) (out []*Change, warnings []string) {
	wanted := sync.OnceValue(func() map[cluster.Ref]bool {
		out := make(map[cluster.Ref]bool, len(c.Desired.Objects))
		for i := range c.Desired.Objects {
			out[unversioned(c.Desired.Objects[i].Ref())] = true
		}
		return out
	})
	var held int
	for i := range c.Live {
		live := c.Live[i]
		if c.stays != nil && c.stays[i] || live.Deleting || wanted()[unversioned(live.Ref)] {
			continue
		}
		ch := &Change{
			Workspace: live.Workspace,
			Target:    live.Ref.String(),
			Namespace: live.Namespace,
			Live:      live,
			Op:        Delete,
		}
		if reason := c.Guard.holds(live); reason != "" {
			ch.Op, ch.Reason, ch.Held = Hold, reason, c.Guard.Held[live.Workspace] != ""
			held++
		} else if c.InUse != nil {
			if ch.Reason = c.InUse(live); ch.Reason != "" {
				ch.Op, ch.Later = Hold, true
			}
		}
		out = append(out, ch)
	}
	if c.Guard.NoDeletions != "" && held > 0 {
		warnings = append(warnings, fmt.Sprintf("syncer deletes nothing: %s", c.Guard.NoDeletions))
	}
	return out, warnings
}

func unversioned(r cluster.Ref) cluster.Ref { r.Version = ""; return r }

// nodePoolInUse names a pod of a Workspace that still runs on the nodes of a live NodePool, or returns "". syncer
// deletes the NodePool after the last such pod.
func nodePoolInUse(o *cluster.Object, s cluster.State) string {
	if o.Group != "karpenter.sh" || o.Kind != "NodePool" {
		return ""
	}
	mine := map[string]bool{}
	for _, n := range s.Nodes {
		mine[n.Name] = n.Labels[cluster.LabelNodePool] == o.Name
	}
	for _, w := range s.Workloads {
		for _, p := range w.Pods {
			if mine[p.Node] && p.Phase != "Succeeded" && p.Phase != "Failed" {
				return fmt.Sprintf("pod %s still runs on its nodes", p.Name)
			}
		}
	}
	return ""
}

// nodePoolCost sums the cost of the desired NodePools; any reports whether there is one.
func nodePoolCost(workloads []*desired.Workload) (sum capacity.Cost, any bool) {
	sum.Known = true
	for _, w := range workloads {
		if w.NodePool != nil && len(w.Blocked) == 0 {
			sum, any = sum.Add(w.NodePool.HourlyCost), true
		}
	}
	return sum, any
}

// liveNodePoolCost sums the cost of the live NodePools by their desired sizes: the cost of a NodePool that is not
// desired is unknown.
func liveNodePoolCost(in LiveInput) capacity.Cost {
	sum := capacity.Cost{Known: true}
	for _, p := range in.Seen.State.NodePools {
		cost := capacity.Cost{}
		for i := range in.Desired.Workloads {
			if w := in.Desired.Workloads[i]; w.NodePool != nil && w.NodePool.Name == p.Name {
				cost = w.Demand.Options[0].HourlyCost
			}
		}
		sum = sum.Add(cost)
	}
	return sum
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Last is what a plan against what is live was made of, and what it says of each Workspace, for the next plan with an
// equal Policy. What a plan says of a Workspace follows from its desired state, from what is live of it, and from what
// the API server says of its objects: if all of that is the same, and the plan changes no object of it, so is what the
// plan says, but for what other Workspaces and pools mean for it.
//
// It is read only.
type Last struct {
	set      *workspace.Set
	present  map[workspace.Key]bool // of set
	desired  desired.Desired
	versions map[workspace.Key]uint64
	pools    []capacity.LivePool
	calm     []bool        // no object of the Workload changes
	facts    []*transition // of desired.Workloads
	rows     []*Workspace  // the same, without the changes
	changes  []*Change     // of desired.Objects
	unowned  bool          // no object without an owner changes
	stay     bool          // all Workspaces of which something is live are present
}

// reuse says what of a Last serves a comparison. A nil one is nothing.
type reuse struct {
	*Last
	at []int32 // the place in Last.desired.Workloads of the same Workload with the same live state; below 0 for none
}

// serves returns what serves a comparison of these inputs.
func (l *Last) serves(in *LiveInput) *reuse {
	state := &in.Seen.State
	if l == nil || l.versions == nil || state.Versions == nil || !reflect.DeepEqual(l.pools, in.Seen.Pools) {
		return nil
	}
	r := &reuse{Last: l, at: make([]int32, len(in.Desired.Workloads))}
	moved := in.Seen.Moves.Between(l.versions, state.Versions)
	j, old := 0, l.desired.Workloads
	for i, w := range in.Desired.Workloads {
		for j < len(old) && old[j] != w && old[j].Key.Compare(w.Key) < 0 {
			j++
		}
		if r.at[i] = -1; j < len(old) && old[j] == w {
			if w.Binding.Next == "" && !moved.Has(w.Key) {
				r.at[i] = int32(j) //nolint:gosec // far fewer
			}
			j++
		}
	}
	return r
}

// calmAt returns the place in the last plan of the i-th Workload if what both plans say of it follows from the same;
// below 0 if not.
func (r *reuse) calmAt(c *Comparison, i int) int {
	if r == nil || r.at[i] < 0 || !r.calm[r.at[i]] || !c.calm[i] {
		return -1
	}
	w := c.Desired.Workloads[i].Workspace
	if w.Inference != nil && w.Inference.Config != "" && (!r.unowned || !c.unowned) {
		return -1 // its context length is in an object without an owner
	}
	return int(r.at[i])
}

// changeOf returns the change of the last plan for the k-th object, of the i-th Workload, which this plan does not
// change; nil if there is none.
func (r *reuse) changeOf(c *Comparison, i, k int) *Change {
	if r == nil || r.at[i] < 0 {
		return nil
	}
	from, _ := c.Desired.ObjectsOf(i)
	was, end := r.desired.ObjectsOf(int(r.at[i]))
	if was += k - from; was >= end || was >= len(r.changes) {
		return nil
	}
	old, now := &r.desired.Objects[was], &c.Desired.Objects[k]
	if ch := r.changes[was]; ch.Op == NoOp && old.Content == now.Content && old.Workspace == now.Workspace {
		return ch
	}
	return nil
}

// presentIn returns the Workspaces of a source.
func (l *Last) presentIn(set *workspace.Set) map[workspace.Key]bool {
	if l != nil && len(l.set.Workspaces) == len(set.Workspaces) {
		same := true
		for i := 0; same && i < len(set.Workspaces) && l.set != set; i++ {
			same = l.set.Workspaces[i].Key == set.Workspaces[i].Key
		}
		if same {
			return l.present
		}
	}
	out := make(map[workspace.Key]bool, len(set.Workspaces))
	for i := range set.Workspaces {
		out[set.Workspaces[i].Key] = true
	}
	return out
}

// stays reports whether all Workspaces of which something is live are in the source. It is quick, and errs on the side
// of false.
func (l *Last) stays(in *LiveInput, present map[workspace.Key]bool) bool {
	versions := in.Seen.State.Versions
	if versions == nil {
		return false
	}
	if l == nil || !l.stay || reflect.ValueOf(l.present).Pointer() != reflect.ValueOf(present).Pointer() {
		for k := range versions {
			if !present[k] && k != (workspace.Key{}) {
				return false
			}
		}
		return true
	}
	for _, k := range in.Seen.Moves.Between(l.versions, versions).Keys() {
		if !present[k] && k != (workspace.Key{}) {
			return false
		}
	}
	return true
}

// keep returns what the next plan may use of a comparison.
func (c *Comparison) keep(in *LiveInput, g *Guard) *Last {
	return &Last{
		set:      in.Set,
		present:  g.Present,
		desired:  c.Desired,
		versions: in.Seen.State.Versions,
		pools:    in.Seen.Pools,
		calm:     c.calm,
		facts:    c.facts,
		rows:     c.rows,
		changes:  c.objects,
		unowned:  c.unowned,
		stay:     c.stay,
	}
}

// nothing reports whether applying an object changes nothing.
func nothing(p *cluster.Preview) bool {
	return p.Before == nil && p.After == nil && p.Err == nil && p.Replace == ""
}

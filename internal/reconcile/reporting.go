// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"iter"
	"maps"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile/nodegroups"
	"syncer.dev/syncer/internal/reconcile/plainhealth"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// reporter keeps the reports of a pass with what they follow from, so that the next pass reports again only on
// Workspaces of which something may have changed. The zero value has kept none.
type reporter struct {
	pass   uint64  // counts
	known  []known // in the order of their keys: those of Loop.reports
	groups nodegroups.Groups
	common common
	since  uint64 // the pass since which common is the same
	own    own
	// versions are those of the last pass: a map that never changes, so that the same one is equal.
	versions map[workspace.Key]uint64
}

// known is a report with what it follows from.
type known struct {
	report *status.Report
	// work is the desired state that the report follows from; nil: it is recreated in any case.
	work    *desired.Workload
	live    uint64              // cluster.State.Versions
	carried reviewed.CarriedOut // status.Input.CarriedOut; zero while reviews are not compared
	nodes   *nodegroups.Group
	pass    uint64 // that has made the report last
	runs    bool   // something is live of it
	ending  bool   // a pod of it does not go
}

// nodeGroups yields the groups of nodes that reports follow from.
func (r *reporter) nodeGroups() iter.Seq[*nodegroups.Group] {
	return func(yield func(*nodegroups.Group) bool) {
		for i := range r.known {
			if group := r.known[i].nodes; group != nil && !yield(group) {
				return
			}
		}
	}
}

// common is what each report may follow from.
type common struct {
	pools  []capacity.LivePool
	held   map[string]string // why a pool is not changed, by name
	broken plainhealth.Broken
	prices string // the date
}

func (c *common) same(o *common) bool {
	return c.prices == o.prices && maps.Equal(c.held, o.held) && maps.Equal(c.broken, o.broken) &&
		reflect.DeepEqual(c.pools, o.pools)
}

// own is what few Workspaces have, by Workspace.
type own struct {
	contests  map[workspace.Key][]string
	nodePools map[workspace.Key][]cluster.NodePool
}

// reporting is what the reports of one pass have in common.
type reporting struct {
	*reporter
	common
	own
	pools  map[workspace.Key][]capacity.LivePool
	byName map[string]capacity.LivePool // owned pools
	at     map[string]int               // place of a pool in the list
	all    bool                         // reports are recreated
	lives  bool                         // what is live of all Workspaces is the same
	odd    []*cluster.Object            // that are being deleted, or that are not healthy
	// due are the Workspaces to report on again in any case. What is known of the passing ones is not kept.
	due, passing map[workspace.Key]bool
}

// begin compares what is common to all reports, and sorts by Workspaces what few have.
func (r *reporter) begin(l *Loop, p *pass) *reporting {
	out := &reporting{
		reporter: r,
		common: common{
			pools:  l.listed,
			held:   map[string]string{},
			prices: l.settings.Policy.Prices.Date(),
		},
		own:    own{map[workspace.Key][]string{}, map[workspace.Key][]cluster.NodePool{}},
		pools:  map[workspace.Key][]capacity.LivePool{},
		byName: map[string]capacity.LivePool{},
		at:     map[string]int{},
		all:    p.state.Versions == nil || l.settings.Thorough,
		odd:    oddIn(p.state.Objects),
		due:    map[workspace.Key]bool{},
	}
	r.pass++
	out.broken = plainhealth.In(out.odd, p.desired.Objects)
	for i, pool := range l.listed {
		if out.at[pool.Name] = i; pool.Owned {
			out.byName[pool.Name] = pool
			out.pools[pool.Workspace] = append(out.pools[pool.Workspace], pool)
		}
	}
	for _, c := range p.active {
		if c.Pool != nil && c.Op == plan.Hold && !c.Later {
			out.held[c.Pool.Name] = c.Reason
		}
	}
	for _, c := range p.state.Contests {
		if key := p.workspaceOf(c.Ref); key != (workspace.Key{}) {
			out.contests[key] = append(out.contests[key], c.String())
		}
	}
	for _, pool := range p.state.NodePools {
		out.nodePools[pool.Workspace] = append(out.nodePools[pool.Workspace], pool)
	}
	if !r.common.same(&out.common) {
		r.since = r.pass
	}
	differing(out.due, r.own.contests, out.contests)
	differing(out.due, r.own.nodePools, out.nodePools)
	r.common, r.own = out.common, out.own
	out.lives = reflect.ValueOf(r.versions).Pointer() == reflect.ValueOf(p.state.Versions).Pointer()
	r.versions = p.state.Versions
	r.groups.Observe(p.state.Nodes, r.pass)
	out.passing = p.passing()
	maps.Copy(out.due, out.passing)
	return out
}

// differing adds to due the Workspaces for which two lists differ.
func differing[T any](due map[workspace.Key]bool, before, after map[workspace.Key][]T) {
	for key, list := range after {
		if !reflect.DeepEqual(before[key], list) {
			due[key] = true
		}
	}
	for key := range before {
		if _, still := after[key]; !still {
			due[key] = true
		}
	}
}

// oddIn returns the objects that are being deleted, and those that are not what they should be.
func oddIn(objects []*cluster.Object) []*cluster.Object {
	var out []*cluster.Object
	for _, o := range objects {
		if o.Deleting || o.Health.State != "" && o.Health.State != cluster.Healthy {
			out = append(out, o)
		}
	}
	return out
}

// passing are the Workspaces of which the pass has more to say than what they follow from: what was refused, what is
// held back, and how that compares with a review.
func (p *pass) passing() map[workspace.Key]bool {
	out := map[workspace.Key]bool{}
	note(out, p.poolErrs)
	note(out, p.objErrs)
	note(out, p.nodePoolErrs)
	note(out, p.unreached)
	note(out, p.judged)
	note(out, p.held)
	note(out, p.plan.Guard.Halted.Workspaces)
	return out
}

func note[T any](keys map[workspace.Key]bool, of map[workspace.Key]T) {
	for key := range of {
		keys[key] = true
	}
}

// take continues with reports of which nothing is known.
func (r *reporter) take(reports []*status.Report) {
	r.known = make([]known, len(reports))
	for i := range reports {
		r.known[i].report = reports[i]
	}
}

// arrange gives each Workspace of the source its place among what is known, and each other one of which there is a
// report and that stays. It returns the desired state for each place, nil for the latter.
func (r *reporting) arrange(workloads []*desired.Workload, stays func(*status.Report) bool) []*desired.Workload {
	is := func(k *known, w *desired.Workload) bool {
		return k.work == w || k.report != nil && k.report.Key == w.Key
	}
	same := len(workloads) == len(r.known)
	for i := 0; same && i < len(workloads); i++ {
		same = is(&r.known[i], workloads[i])
	}
	if same {
		return workloads
	}
	was := r.known
	next := make([]known, 0, len(workloads))
	var out []*desired.Workload
	gone := func() {
		if k := was[0]; stays(k.report) {
			k.work = nil
			next, out = append(next, k), append(out, nil)
		}
		was = was[1:]
	}
	for _, w := range workloads {
		for len(was) > 0 && was[0].report.Key.Compare(w.Key) < 0 {
			gone()
		}
		if len(was) > 0 && is(&was[0], w) {
			next, was = append(next, was[0]), was[1:]
		} else {
			next = append(next, known{})
		}
		out = append(out, w)
	}
	for len(was) > 0 {
		gone()
	}
	r.known = next
	return out
}

// again reports whether to report on the i-th Workspace again. The commit makes no difference to a report that has
// repeated itself: it names the one that has changed the Workspace.
func (r *reporting) again(p *pass, i int, w *desired.Workload) bool {
	k := &r.known[i]
	return r.all || k.work != w || !r.lives && k.live != p.state.Versions[w.Key] ||
		r.since > k.pass || k.nodes.Since > k.pass || len(r.due) > 0 && r.due[w.Key] ||
		k.carried != p.toCarryOut(i, w)
}

// workspaceOf returns the Workspace of a live object; the zero Key when it has none.
func (p *pass) workspaceOf(ref cluster.Ref) workspace.Key {
	byRef := func(o *cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) }
	i, ok := slices.BinarySearchFunc(p.state.Objects, ref, byRef)
	if !ok {
		return workspace.Key{}
	}
	return p.state.Objects[i].Workspace
}

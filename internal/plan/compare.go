// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/align"
	"syncer.dev/syncer/internal/desired/eventual"
	"syncer.dev/syncer/internal/plan/halt"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/workspace"
)

// Side is one side of a comparison: a source and its desired state.
type Side struct {
	Set     *workspace.Set
	Desired desired.Desired
	// AllowEmpty reports that the author of the commit confirmed the removal of the last Workspace.
	AllowEmpty bool
	// AllowDelete is how many deletions the commit itself allows at once; see package mass.
	AllowDelete int

	settled *settled // set by Settled
}

// settled is what follows from a side that plans start from.
type settled struct {
	eventually desired.Observed
	values     map[workspace.Key]Values
	live       []*cluster.Object // in the order of Desired.Objects
}

// Settled returns the side with what is observed after it has been carried out, for several plans that start there.
func (s Side) Settled(policy desired.Policy) Side {
	out := settled{
		eventually: Eventually(s),
		values:     values.In(s.Desired, policy),
		live:       make([]*cluster.Object, len(s.Desired.Objects)),
	}
	for i := range s.Desired.Objects {
		o := s.Desired.Objects[i].Listed()
		out.live[i] = &cluster.Object{
			Ref:           o.Ref,
			Workspace:     s.Desired.Objects[i].Workspace,
			Owned:         true,
			Source:        o.Source,
			PruneDisabled: o.Prune == "disabled",
			PruneEnabled:  o.Prune == workspace.PruneEnabled,
		}
	}
	s.settled = &out
	return s
}

// LiveInput is the input of AgainstLive.
type LiveInput struct {
	Policy desired.Policy
	Head   string
	// Stale, if not empty, is why the source or the pools may be out of date, so that syncer deletes nothing.
	Stale string
	Side
	Seen     desired.Observed
	Previews []*cluster.Preview // in the order of Desired.Objects
	// Stays says which of the live objects are known to be desired, in their order; nil if none is.
	Stays []bool
	// Unreviewed says for Workspaces whose change is not reviewed why nothing of them may change: their live objects and
	// their pools stay, as with those that a policy holds.
	Unreviewed map[workspace.Key]string
	// Allowed returns how many deletions commits allow since these Workspaces and plain objects were last desired; nil:
	// only the last commit counts. It is called only if there are too many.
	Allowed func(gone []cluster.Ref) int
	// Halted is what the source itself says must not change.
	Halted halt.Halted
	// Dependent says for Workspaces that depend on another one, which is not done, what they wait for.
	Dependent map[workspace.Key]string
	// Quota reads the quota. AgainstLive calls it only if the plan creates pools or lets them grow.
	Quota func() (capacity.Quota, error)
}

// AgainstLive compares the desired state of a commit with the live state.
func AgainstLive(in LiveInput) Plan {
	p, _ := (*Last)(nil).AgainstLive(in)
	return p
}

// AgainstLive is the function AgainstLive, which may take over parts of the last plan; l is nil for none. next is for
// the plan after this one.
func (l *Last) AgainstLive(in LiveInput) (p Plan, next *Last) {
	in.Seen = in.Seen.In(in.Policy.Limits.Zones)
	guard := newGuard(in.Set, in.Desired.Blocked(), in.Policy.Prune, anyLive(in.Seen), in.AllowEmpty)
	guard.Present = l.presentIn(in.Set)
	if guard.Halted = in.Halted; in.Halted.Everything != "" {
		guard.NoDeletions = in.Halted.Everything
	}
	if in.Stale != "" {
		guard.NoDeletions = in.Stale
	}
	guard.wait(in.Desired)
	live := values.Live{Policy: in.Policy, Desired: &in.Desired, Previews: in.Previews, Seen: in.Seen}
	c := Comparison{
		Policy:        in.Policy,
		Base:          Live,
		Head:          in.Head,
		Desired:       in.Desired,
		Before:        live.Of,
		Serving:       func(k workspace.Key) bool { w := in.Seen.State.Workloads[k]; return answers(&w) },
		Previews:      in.Previews,
		Live:          in.Seen.State.Objects,
		InUse:         func(o *cluster.Object) string { return nodePoolInUse(o, in.Seen.State) },
		NodePoolsCost: liveNodePoolCost(in),

		stays: in.Stays,
		last:  l.serves(&in),
		stay:  l.stays(&in, guard.Present),
	}
	c.prepare()
	guard.Held = hold.Spread(c.held(&in, guard.Present), in.Desired, in.Previews)
	guard.holdMass(&in)
	pools := poolPlan{held: guard.Held, facts: c.facts}
	for k, why := range in.Dependent {
		pools.waits.Add(k, why, hold.ByDependency)
	}
	guard.Held = pools.waits.With(pools.held)
	pools.changes = Pools(in.Desired, in.Seen, guard, in.Policy)
	for _, r := range rules {
		r.apply(&pools, &in)
	}
	guard.Held, guard.firm, guard.by = pools.waits.With(pools.held), pools.held, pools.waits.By
	c.Guard, c.Pools, c.Quota, c.Raise = guard, pools.changes, pools.short, pools.raise
	p = c.plan()
	p.Warnings, p.lasts = append(p.Warnings, pools.warnings...), pools.lasts
	return p, c.keep(&in, &guard)
}

// anyLive reports whether any owned pool or object exists.
func anyLive(s desired.Observed) bool {
	for _, p := range s.Pools {
		if p.Owned {
			return true
		}
	}
	return len(s.State.Objects) > 0
}

// Between compares the desired states of two commits, as if the first were live.
func Between(policy desired.Policy, baseHash, headHash string, base, head Side) Plan {
	if base.settled == nil {
		base = base.Settled(policy)
	}
	was, seen := base.settled.values, base.settled.eventually
	seen.State.Objects = base.settled.live
	previews, stays := previewed(base.settled.live, base.Desired.Objects, head.Desired.Objects)
	cost, _ := nodePoolCost(base.Desired.Workloads)
	guard := NewGuard(head.Set, head.Desired.Blocked(), policy.Prune, anyLive(seen), head.AllowEmpty)
	guard.wait(head.Desired)
	guard.Mass, _ = guard.leaving(seen.State.Objects, stays, head, policy)
	guard.Mass.Allowed = head.AllowDelete
	if len(head.Set.Workspaces) == 0 && head.AllowEmpty {
		guard.Mass.Allowed = guard.Mass.Needs()
	}
	p := Make(Comparison{
		Policy:        policy,
		Base:          baseHash,
		Head:          headHash,
		Desired:       head.Desired,
		Before:        func(k workspace.Key, _ int) (Values, bool) { v, ok := was[k]; return v, ok },
		Serving:       func(k workspace.Key) bool { return was[k].Serves },
		Previews:      previews,
		Live:          seen.State.Objects,
		Guard:         guard,
		Pools:         Pools(head.Desired, seen, guard, policy),
		NodePoolsCost: cost,

		stays: stays,
	})
	p.Cost.Raise = capacity.Cost{Known: true}
	if p.Cost.After != p.Cost.Before {
		p.Cost.Raise = p.Cost.After.Minus(p.Cost.Before)
	}
	return p
}

// previewed compares the objects of two sides. stays says which of the live ones, those of the first side, are desired.
// Most are the same on both sides, at the same place among the others.
func previewed(live []*cluster.Object, base, head []desired.Object) (previews []*cluster.Preview, stays []bool) {
	previews, stays = make([]*cluster.Preview, len(head)), make([]bool, len(base))
	all := make([]cluster.Preview, len(head))
	for i := range all {
		previews[i] = &all[i]
	}
	old := map[cluster.Ref]int{}
	var more []int
	align.Objects(base, head, func(i, j int) {
		switch {
		case j < 0:
			old[live[i].Ref] = i
		case i < 0:
			more = append(more, j)
		default:
			previews[j].Ref, stays[i] = live[i].Ref, true
		}
	})
	for _, j := range more {
		ref := head[j].Ref()
		var before *unstructured.Unstructured
		if i, ok := old[ref]; ok {
			before, stays[i] = base[i].Content, true
		}
		all[j] = preview(ref, before, head[j].Content)
	}
	return previews, stays
}

// preview compares two renderings of an object. The pods of a Job are immutable: other inputs replace the Job, and with
// the same inputs it stays as it is, which package apply decides likewise.
func preview(ref cluster.Ref, before, after *unstructured.Unstructured) cluster.Preview {
	p := cluster.Preview{Ref: ref}
	switch {
	case before == nil:
		p.After = after
	case sameObject(before, after):
	case after.GetKind() != "Job":
		p.Before, p.After = before, after
	case before.GetAnnotations()[cluster.AnnotationInputs] != after.GetAnnotations()[cluster.AnnotationInputs]:
		p.Before, p.After, p.Replace = before, after, "the pods of a Job cannot be changed"
	case samePods(before, after):
		p.Before, p.After = before, after
	}
	return p
}

// samePods reports whether two Jobs have equal pods.
func samePods(a, b *unstructured.Unstructured) bool {
	was, _, _ := unstructured.NestedFieldNoCopy(a.Object, "spec", "template")
	is, _, _ := unstructured.NestedFieldNoCopy(b.Object, "spec", "template")
	return reflect.DeepEqual(was, is)
}

// Eventually returns the observed state after a commit has been carried out. The plan of another commit starts there,
// so that the two differ only where they must.
func Eventually(base Side) desired.Observed {
	if base.settled != nil {
		return base.settled.eventually
	}
	return eventual.Of(base.Desired)
}

// sameObject reports whether two objects are equal. Those of one address are, which outlines depend on.
func sameObject(a, b *unstructured.Unstructured) bool {
	return a == b || reflect.DeepEqual(a.Object, b.Object)
}

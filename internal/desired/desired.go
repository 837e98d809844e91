// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired/claimed"
	"syncer.dev/syncer/internal/desired/conflict"
	"syncer.dev/syncer/internal/desired/keep"
	"syncer.dev/syncer/internal/desired/locked"
	"syncer.dev/syncer/internal/desired/plain"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/render/judge"
	"syncer.dev/syncer/internal/workspace"
)

// Renderer turns a Workspace into objects.
type Renderer interface {
	Render(
		ctx context.Context,
		w *workspace.Workspace,
		p preset.Preset,
		at render.Placement,
		o render.Options,
	) (render.Bundle, error)
}

// Catalog finds presets by any of their names.
type Catalog interface {
	Lookup(name string) (preset.Preset, bool)
}

// Workload is the desired state of one Workspace, as far as its errors allow.
type Workload struct {
	workspace.Key
	Workspace *workspace.Workspace
	Model     Model
	// Context is the longest sequence that the file or the policy asks for, in tokens; 0 if that is left to the server.
	Context   int
	Demand    capacity.Demand
	Placement Placement
	Pool      *capacity.Pool      // the pool of its pods, which may be shared; nil if blocked, waiting, or in other modes
	Binding   fleet.Binding       // with Pool: its part of the pool, and the reason
	NodePool  *karpenter.NodePool // set in mode karpenter
	Claimed   *claimed.Nodes      // nodes of KAITO's provisioner on which it stays, without pools; nil: none
	Bundle    render.Bundle
	Notes     []string          // deviations from the file, as text
	Blocked   []diag.Diagnostic // errors; syncer changes nothing for a Workspace with any
	Finished  bool              // the tuning is over, and syncer releases its nodes
	// Unplaced reports that it waits for a place in a pool.
	Unplaced bool
	explains bool // Sizes also needs those that sizing rejects
	// Waiting is why the nodes of the Workspace are unknown. syncer creates nothing for it, and its live objects stay.
	Waiting string
	// Priority is that of the Workspace after the cap of its namespace.
	Priority workspace.Priority
	// Behind are Workspaces that go before it while it waits, the first few; More counts the others.
	Behind []capacity.Ahead
	More   int
	// Sizes are the verdicts on the sizes that were considered, if Observed.Explain asks for them and it does not run.
	Sizes []capacity.Verdict
	// NodeFailure is why its nodes do not suffice.
	NodeFailure cluster.Failure
	// Assumed is the note on what it is placed on as long as its nodes are unknown; empty if they are known.
	Assumed string
	nodes   []cluster.Node // existing nodes that it may run on, by name
	// Missing lists references that the cluster lacks, and how to create them. The pods wait for them.
	Missing []string
	// Kept is what was decided about pods that KAITO made; nil if they are not KAITO's any more, or never were.
	Kept *keep.Decision
	// Held is why syncer does not apply the NodePool.
	Held string

	diskGiB  int               // on each node
	adapters map[string]string // images by digest, by the image in the file

	// What it was made of, so that the next call of Desire knows what comes out the same.
	from     *Workload       // the same before its nodes were arranged; nil: that is not all that it follows from
	rendered *Workload       // the same before all were settled; nil: settling has changed nothing
	no       *fleet.Unplaced // why the fleet has no place for it
}

// Placement is the placement of a Workspace, with the name of the size for messages.
type Placement struct {
	render.Placement
	InstanceType string
}

// Equal reports whether two placements are the same.
func (p Placement) Equal(o Placement) bool {
	return p.InstanceType == o.InstanceType && p.Placement.Equal(o.Placement)
}

// Object is one desired object, and the Workspace it belongs to (zero for shared ones).
type Object struct {
	Workspace workspace.Key
	Content   *unstructured.Unstructured
	// Unknown is why the values of an encrypted Secret are unknown; syncer does not apply it then.
	Unknown string

	listed *render.Listed // nil for objects that no Bundle has
}

// Listed names the object, also where Content is an outline.
func (o *Object) Listed() render.Listed {
	if o.listed != nil {
		return *o.listed
	}
	return render.Listing(o.Content)
}

// Ref is the name of the object, also where Content is an outline.
func (o *Object) Ref() cluster.Ref {
	if o.listed != nil {
		return o.listed.Ref
	}
	return cluster.RefOf(o.Content)
}

// Desired is the desired state of a source.
type Desired struct {
	Workloads []*Workload // one per Workspace, in the order of their keys
	Objects   []Object    // of all Workloads that are not blocked, and plain objects; each object once
	Problems  []diag.Diagnostic
	Warnings  []string
	Fleet     fleet.Result // in mode aks

	fleet    *fleet.Last // what Fleet answers; nil if it is not kept
	rendered []*Workload // Workloads before they were settled; nil if no other call can start from them
	plain    plain.Objects
	clash    conflict.Conflicts // of the documents of the set
	calm     bool               // see Earlier
	first    []int32            // see ObjectsOf
}

// Blocked returns the Workspaces with errors, and the InferenceSets that have one as a replica.
func (d Desired) Blocked() map[workspace.Key]bool {
	out := map[workspace.Key]bool{}
	for i := range d.Workloads {
		if len(d.Workloads[i].Blocked) > 0 {
			out[d.Workloads[i].Key] = true
			if set := d.Workloads[i].set(); set != "" {
				out[capacity.SetKey(d.Workloads[i].Namespace, set)] = true
			}
		}
	}
	return out
}

// Pools returns the desired pools.
func (d Desired) Pools() []capacity.Pool {
	var out []capacity.Pool
	blocked := d.Blocked()
	for _, p := range d.Fleet.Pools {
		if !blocked[p.Workspace] { // render may have blocked a Workspace after the plan of the fleet
			out = append(out, p)
		}
	}
	return out
}

// Observed is the input of the choice of sizes in addition to the source. The zero value is an empty cluster.
type Observed struct {
	Pools []capacity.LivePool
	State cluster.State
	// Live reports that State is from a cluster. Otherwise the cluster is unknown, which differs from an empty cluster.
	Live bool
	// NodesKnown reports that the nodes of State are all existing nodes, although the rest of the cluster is unknown.
	NodesKnown bool
	// Unavailable and Quota exclude sizes at the time Now.
	Unavailable unavailable.Offerings
	Quota       capacity.Quota
	Now         time.Time
	// Found is the state of the objects of Input.References in the cluster; nil if syncer did not look them up.
	Found map[cluster.Ref]cluster.Reference
	// Unprovisionable names the pools that have no node and get none, WithoutGPUs those whose GPUs are overdue.
	Unprovisionable, WithoutGPUs map[string]bool
	// FirstSeen is when each Workspace was first seen, by the status branch. A Workspace without a time is new.
	FirstSeen map[workspace.Key]time.Time
	// Reported is what the status branch says of each Workspace; nil if it cannot be read.
	Reported map[workspace.Key]rollout.Reported
	// ObjectsWait reports that plain objects wait for a commit that allows to delete them, because they are many.
	ObjectsWait bool
	// Adapters are the images by digest, by the image in the file, of adapters that tunings of the source have pushed, and
	// Notes say what of them is unknown.
	Adapters map[workspace.Key]map[string]string
	Notes    map[workspace.Key][]string
	// Last are Workspaces of which nothing changes for now: where they do not run, they get nodes after all others. The
	// value says why.
	Last map[workspace.Key]string
	// Explain asks for verdicts on sizes.
	Explain bool
	// Eventual asks for the final state, as if every desired pool existed at once.
	Eventual bool
	// Moves compares State with earlier ones, for all who ask; nil: each compares by itself.
	Moves *cluster.Moves
}

// In returns the observed state with only the offerings and the quota of these availability zones.
func (o Observed) In(zones []string) Observed {
	o.Unavailable, o.Quota = o.Unavailable.In(zones), o.Quota.In(zones)
	return o
}

// Desire computes the desired state of every Workspace of set in parallel. An error in one Workspace blocks only that
// one. Desire plans the nodes of all Workspaces together.
//
// It takes a Workload of Policy.Earlier, by its pointer, if all is the same that it follows from. A Workload does not
// change after Desire, but that it then belongs to the equal Workspace of the new set.
func Desire(
	ctx context.Context,
	set *workspace.Set,
	catalog Catalog,
	r Renderer,
	policy Policy,
	seen Observed,
) (Desired, error) {
	seen, policy = seen.In(policy.Limits.Zones), policy.Remembering()
	policy.preset, policy.fleet = catalog.Lookup, policy.Earlier.keptFleet(seen)
	policy.same = policy.Earlier.of(set, catalog, r, policy, seen)
	d := Desired{Problems: slices.Clone(set.Problems)}
	all, clash, err := placeAll(ctx, set, catalog, policy, seen)
	if err != nil {
		return Desired{}, err
	}
	d.Problems, d.clash = append(d.Problems, clash.Plain...), clash
	d.Fleet = policy.NodeSource().Arrange(all, set, policy, seen)
	d.fleet = fleet.LastOf(policy.fleet)
	if err := each(ctx, len(all), func(ctx context.Context, i int) {
		all[i] = policy.same.rendered(i, all[i])
		if len(all[i].Bundle.Objects) > 0 {
			return
		}
		if b, ok := policy.same.bundle(i, all[i]); ok {
			all[i].Bundle = b
		} else {
			p, _ := catalog.Lookup(all[i].Workspace.PresetName())
			all[i].render(ctx, set, p, r, policy)
		}
		all[i].keep(i, policy.same, seen)
	}); err != nil {
		return Desired{}, err
	}
	if !policy.same.alone(all) {
		blockConflicts(all, conflict.Rendered(len(all), unblocked(all)))
	}
	d.rendered, d.Workloads = all, slices.Clone(all)
	d.Warnings = append(d.Warnings, policy.NodeSource().Settle(d.Workloads, policy, seen)...)
	d.calm = policy.same.calm
	d.finish(set)
	if !policy.same.keeps {
		d.rendered = nil
	}
	d.plain = plain.Of(set, policy.Cluster, policy.same.plain())
	var beside []Object
	for _, o := range d.plain {
		if !clash.Has(cluster.RefOf(o.Content)) {
			beside = append(beside, Object{Content: o.Content, Unknown: o.Unknown})
		}
	}
	if d.Objects, d.first = policy.same.listed(d.Workloads, beside); d.first == nil {
		d.Objects, d.first = collect(d.Workloads, beside)
	}
	return d, nil
}

// placeAll sizes every Workspace, and places those whose nodes depend on no other one.
func placeAll(
	ctx context.Context, set *workspace.Set, catalog Catalog, policy Policy, seen Observed,
) (all []*Workload, clash conflict.Conflicts, err error) {
	errs, unknown := set.Errors(), map[workspace.Named]string{}
	if seen.Live {
		unknown = locked.In(set)
	}
	all = make([]*Workload, len(set.Workspaces))
	if err := each(ctx, len(all), func(_ context.Context, i int) {
		w := &set.Workspaces[i]
		blocked := append(errs.Of(w), locked.Errors(unknown, w)...)
		if len(blocked) == 0 {
			if all[i] = policy.same.placed(i, w); all[i] != nil {
				return
			}
		}
		all[i] = &Workload{Key: w.Key, Workspace: w, Blocked: blocked}
		all[i].desire(set, i, catalog, policy, seen)
	}); err != nil {
		return nil, clash, err
	}
	var known bool
	if clash, known = policy.same.conflicts(set); !known {
		clash = conflict.In(set)
	}
	blockConflicts(all, clash)
	return all, clash, nil
}

// finish adds the problems of the Workloads, and makes them those of the set.
func (d *Desired) finish(set *workspace.Set) {
	var known map[diag.Diagnostic]bool
	for i, w := range d.Workloads {
		for _, of := range []*Workload{w, d.rendered[i], w.from} {
			if of != nil && of.Workspace != &set.Workspaces[i] {
				of.Workspace = &set.Workspaces[i]
			}
		}
		if len(w.Blocked) > 0 && known == nil {
			known = map[diag.Diagnostic]bool{}
			for _, p := range set.Problems {
				known[p] = true
			}
		}
		for _, p := range w.Blocked {
			if !known[p] {
				d.Problems = append(d.Problems, p)
			}
		}
		d.Problems = append(append(d.Problems, w.substitution()...), w.Bundle.Warnings...)
	}
	slices.SortFunc(d.Problems, diag.Diagnostic.Compare)
}

// blockConflicts blocks the Workspaces that have conflicts.
func blockConflicts(all []*Workload, c conflict.Conflicts) {
	if c.None() {
		return
	}
	for i, w := range all {
		if more := c.Of(w.Key); len(more) > 0 {
			blocked := *w
			blocked.Blocked, blocked.from = slices.Concat(w.Blocked, more), nil
			all[i] = &blocked
		}
	}
}

// unblocked are the Workspaces that are not blocked, with what they render.
func unblocked(all []*Workload) iter.Seq2[*workspace.Workspace, render.Bundle] {
	return func(yield func(*workspace.Workspace, render.Bundle) bool) {
		for _, w := range all {
			if len(w.Blocked) == 0 && !yield(w.Workspace, w.Bundle) {
				return
			}
		}
	}
}

// each calls do for 0 to n-1, a few at a time.
func each(ctx context.Context, n int, do func(ctx context.Context, i int)) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64 // few goroutines for many calls, most of which are short
	for range min(n, runtime.GOMAXPROCS(0)) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return ctx.Err()
				}
				do(ctx, i)
			}
		})
	}
	return g.Wait()
}

// desire sizes and places one Workspace, the i-th of set; the first step that fails blocks it.
func (w *Workload) desire(set *workspace.Set, i int, catalog Catalog, policy Policy, seen Observed) {
	if len(w.Blocked) > 0 {
		w.misnamed(catalog, policy)
		return
	}
	name := w.Workspace.PresetName()
	p, ok := catalog.Lookup(name)
	if !ok && name != "" {
		w.block("", diag.Errorf(diag.UnknownPreset, "preset %q is not in the catalogue", name))
		return
	}
	w.Model, w.Context = ModelOf(w.Workspace, p), cmp.Or(policy.Context, workspace.MaxModelLen(set, w.Workspace))
	policy.sized = policy.same.workload(i, w.Workspace)
	if err := policy.NodeSource().Place(w, set, p, policy, seen); err != nil {
		w.block("resource.instanceType", err)
		return
	}
	w.claim(seen)
	w.rank(policy)
	w.resolve(policy, seen.Found)
	w.adapters, w.Notes = seen.Adapters[w.Key], slices.Concat(seen.Notes[w.Key], w.Notes)
}

// misnamed adds to the errors of a blocked Workspace that its size does not exist, unless one of them is about its
// nodes: the user corrects both at once.
func (w *Workload) misnamed(catalog Catalog, policy Policy) {
	from := policy.NodeSource()
	about := func(d diag.Diagnostic) bool { return strings.HasPrefix(d.Field, "resource.") }
	if from.Admission().Pool == nil || slices.ContainsFunc(w.Blocked, about) {
		return
	}
	if p, ok := catalog.Lookup(w.Workspace.PresetName()); ok {
		req := from.Request(w.Workspace, p, policy)
		if err := req.Misnamed(); err != nil {
			w.block(sizing.SizeField, err)
		}
	}
}

// render renders the objects of a placed Workspace.
func (w *Workload) render(ctx context.Context, set *workspace.Set, p preset.Preset, r Renderer, policy Policy) {
	if len(w.Blocked) > 0 || w.Waiting != "" {
		return
	}
	bundle, err := r.Render(ctx, w.Workspace.WithAdapters(w.adapters), p, w.Placement.Placement, render.Options{
		Cluster:          policy.Cluster,
		Source:           w.Workspace.Source.Path,
		Objects:          set.Objects,
		NVMeStorageClass: policy.NVMeStorageClass,
		Pods:             policy.Pods,
		Reach:            policy.Reach,
	})
	if refused := (*judge.RefusedError)(nil); errors.As(err, &refused) {
		w.Blocked = append(w.Blocked, refused.Problems...)
		return
	}
	if err != nil {
		w.block("", err)
		return
	}
	w.Bundle = bundle
}

// substitution warns, at the position of the size, that syncer substitutes it.
func (w *Workload) substitution() []diag.Diagnostic {
	if w.Demand.Substituted == "" {
		return nil
	}
	const field = "resource.instanceType"
	d := diag.Warningf(diag.SizeSubstituted, "%s", w.Notes[len(w.Notes)-1]).
		On(w.Workspace.Written(field)).
		Placed(w.Workspace.At(field)).
		Suggest("name another size, omit it to get the cheapest, or set capacity.retiredSizes: refuse")
	return []diag.Diagnostic{d.For(w.Key)}
}

// block adds an error at the position of the field. syncer changes nothing for a blocked Workspace.
func (w *Workload) block(field string, err error) {
	d, known := diag.As(err)
	switch patch := w.Workspace.Patch; {
	case known && patch != nil && d.Path == patch.Path:
		d = d.At(max(d.Line, 1), max(d.Column, 1))
	case known && d.Path == "": // an error in a field of the Workspace
		d = d.On(w.Workspace.Written(d.Field)).Placed(w.Workspace.At(d.Field))
	default: // an error in a file of the preset, or without a position
		reason := cmp.Or(d.Reason, diag.RenderFailed)
		d = diag.Errorf(reason, "%v", err).On(w.Workspace.Written(field)).Placed(w.Workspace.At(field))
	}
	w.Blocked = append(w.Blocked, d.For(w.Key))
}

package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Policy is the part of the configuration that decides what Workspaces get.
type Policy struct {
	Cluster      string
	Brought      bool                // capacity.mode byo: nodes are brought, pools are not ours to make
	Karpenter    *capacity.Karpenter // capacity.mode karpenter: NodePools are applied; nil in other modes
	Region       string
	RetiredSizes string
	Limits       capacity.Limits
	Prices       capacity.Prices // zero for the embedded list
	Prune        bool
	Nodes        int // when not 0, overrides what sizing says
	// NVMeStorageClass is the storage class for weights on the local disks of sizes that have some; empty for none.
	NVMeStorageClass string
}

// Renderer turns a Workspace into objects.
type Renderer interface {
	Render(ctx context.Context, w *workspace.Workspace, p preset.Preset, at render.Placement, o render.Options) (render.Bundle, error)
}

// Catalog finds presets by any of their names.
type Catalog interface {
	Lookup(name string) (preset.Preset, bool)
}

// Wish is what one Workspace asks for, worked out as far as it goes.
type Wish struct {
	workspace.Key
	Workspace *workspace.Workspace
	Demand    capacity.Demand
	Placement Placement
	Pool      *capacity.Pool     // on which it runs, which may be shared; nil: blocked, waiting, or no agent pools are made
	Binding   capacity.Binding   // with Pool: which part of it, and why
	NodePool  *capacity.NodePool // set in mode karpenter
	Bundle    render.Bundle
	Notes     []string            // what is not as the user wrote it, in plain words
	Blocked   []workspace.Problem // errors for which nothing is done
	Finished  bool                // the tuning is over, and its nodes are given back
	// Waiting is why it is not known yet on what the Workspace can run: nothing is made for it, and what is live stays.
	Waiting string
	// NodeTrouble is what brought nodes lack.
	NodeTrouble cluster.Trouble
	nodes       []cluster.Node // brought ones that it may run on, by name
	// Missing is what the Workspace names and the cluster does not have, and how to make it. Its pods wait for that.
	Missing []string
	// Held is why the NodePool is not made.
	Held string

	diskGiB int // on each node
}

// Placement is where the Workspace runs, with the name of the size for people.
type Placement struct {
	render.Placement
	InstanceType string
}

// Object is one desired object, and the Workspace it belongs to (zero for shared ones).
type Object struct {
	Workspace workspace.Key
	Content   *unstructured.Unstructured
}

// Desired is what a source asks for.
type Desired struct {
	Wishes   []Wish   // one per Workspace, in the order of their keys
	Objects  []Object // of all Wishes that are not blocked, and plain ones; each object once
	Problems []workspace.Problem
	Warnings []string
	Fleet    capacity.Fleet // in mode aks
}

// Blocked returns the Workspaces for which nothing is done, and the sets among whose replicas one is.
func (d Desired) Blocked() map[workspace.Key]bool {
	out := map[workspace.Key]bool{}
	for i := range d.Wishes {
		if len(d.Wishes[i].Blocked) > 0 {
			out[d.Wishes[i].Key] = true
			if set := d.Wishes[i].set(); set != "" {
				out[capacity.SetKey(d.Wishes[i].Namespace, set)] = true
			}
		}
	}
	return out
}

// Pools returns the pools that are wanted.
func (d Desired) Pools() []capacity.Pool {
	var out []capacity.Pool
	blocked := d.Blocked()
	for _, p := range d.Fleet.Pools {
		if !blocked[p.Workspace] { // one that could not be rendered
			out = append(out, p)
		}
	}
	return out
}

// Observed is what the choice of sizes depends on besides the source. The zero value is an empty cluster.
type Observed struct {
	Pools []capacity.LivePool
	State cluster.State
	// Live says that State was read from a cluster. Otherwise nothing is known, which is not the same as an empty cluster.
	Live bool
	// Unavailable and Quota say which sizes cannot be had at the time Now.
	Unavailable capacity.Unavailable
	Quota       capacity.Quota
	Now         time.Time
	// Found says of the objects of Input.Outside whether they are there; nil when nobody looked.
	Found map[cluster.Ref]cluster.Look
	// Lost names the pools that have no node and will get none, Broken those whose GPUs have not appeared in time.
	Lost, Broken map[string]bool
	// Eventual asks for where things end, as if all pools were there as soon as they are wanted.
	Eventual bool
}

// in returns what is observed as far as it matters to pools in these availability zones.
func (o Observed) in(zones []string) Observed {
	o.Unavailable, o.Quota = o.Unavailable.In(zones), o.Quota.In(zones)
	return o
}

// Desire works out what every Workspace of set asks for: in parallel, each on its own, so that an error in one blocks only
// that one. Only the nodes are planned for all of them together.
func Desire(ctx context.Context, set *workspace.Set, catalog Catalog, r Renderer, policy Policy, seen Observed) (Desired, error) {
	seen = seen.in(policy.Limits.Zones)
	d := Desired{Wishes: make([]Wish, len(set.Workspaces)), Problems: slices.Clone(set.Problems)}
	presets := make([]preset.Preset, len(set.Workspaces))
	if err := each(ctx, len(d.Wishes), func(_ context.Context, i int) {
		d.Wishes[i], presets[i] = wish(set, &set.Workspaces[i], catalog, policy, seen)
	}); err != nil {
		return Desired{}, err
	}
	if !policy.Brought && policy.Karpenter == nil {
		d.Fleet = fleet(d.Wishes, set, policy, seen)
	}
	if err := each(ctx, len(d.Wishes), func(ctx context.Context, i int) {
		d.Wishes[i] = d.Wishes[i].render(ctx, set, presets[i], r, policy)
	}); err != nil {
		return Desired{}, err
	}
	d.Warnings = append(d.Warnings, settleModes(d.Wishes, policy, seen)...)
	for i := range d.Wishes {
		w := &d.Wishes[i]
		for _, p := range w.Blocked {
			if !slices.Contains(set.Problems, p) {
				d.Problems = append(d.Problems, p)
			}
		}
		d.Problems = append(d.Problems, w.substitution()...)
	}
	slices.SortFunc(d.Problems, workspace.Problem.Compare)
	d.Objects = collect(d.Wishes, plain(set, policy.Cluster))
	return d, nil
}

// each does something for n things, a few at a time.
func each(ctx context.Context, n int, do func(ctx context.Context, i int)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			do(ctx, i)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// wish finds out what one Workspace needs; the first step that fails blocks it.
func wish(set *workspace.Set, w *workspace.Workspace, catalog Catalog, policy Policy, seen Observed) (Wish, preset.Preset) {
	out := Wish{Key: w.Key, Workspace: w, Blocked: set.Blocked(w.Key)}
	if len(out.Blocked) > 0 {
		return out, preset.Preset{}
	}
	p, ok := catalog.Lookup(w.PresetName())
	if !ok && w.PresetName() != "" {
		return out.block("", fmt.Errorf("preset %q is not in the catalogue", w.PresetName())), p
	}
	place := sizeForPools
	switch {
	case policy.Brought:
		place = placeOnBrought
	case policy.Karpenter != nil:
		place = placeOnKarpenter
	}
	if err := place(&out, set, p, policy, seen); err != nil {
		return out.block("resource.instanceType", err), p
	}
	out.lookFor(policy, seen.Found)
	return out, p
}

// render makes the objects, once it is known where they are to run.
func (w Wish) render(ctx context.Context, set *workspace.Set, p preset.Preset, r Renderer, policy Policy) Wish {
	if len(w.Blocked) > 0 || w.Waiting != "" {
		return w
	}
	bundle, err := r.Render(ctx, w.Workspace, p, w.Placement.Placement, render.Options{
		Cluster: policy.Cluster, Source: w.Workspace.Source.Path, Objects: set.Objects, NVMeStorageClass: policy.NVMeStorageClass,
	})
	if err != nil {
		return w.block("", err)
	}
	w.Bundle = bundle
	return w
}

// collect gathers the objects of all Wishes, each object once: the default parameters of a tuning method are shared.
func collect(wishes []Wish, plain []Object) []Object {
	seen := map[cluster.Ref]bool{}
	var out []Object
	add := func(o Object) {
		if r := cluster.RefOf(o.Content); !seen[r] {
			seen[r] = true
			out = append(out, o)
		}
	}
	for _, o := range plain {
		add(o)
	}
	for i := range wishes {
		for _, o := range wishes[i].Bundle.Objects {
			key := wishes[i].Key
			if _, own := o.GetLabels()[cluster.LabelWorkspace]; !own {
				key = workspace.Key{}
			}
			add(Object{Workspace: key, Content: o})
		}
	}
	return out
}

// plain labels the repository's own objects as ours.
func plain(set *workspace.Set, clusterName string) []Object {
	out := make([]Object, 0, len(set.Objects))
	for _, o := range set.Objects {
		if o.Live {
			continue
		}
		u := (&unstructured.Unstructured{Object: o.Content}).DeepCopy()
		labels := maps.Clone(u.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		delete(labels, cluster.LabelWorkspace)
		labels[cluster.LabelManagedBy], labels[cluster.LabelCluster] = cluster.ManagedBy, clusterName
		u.SetLabels(labels)
		annotations := maps.Clone(u.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[cluster.AnnotationSource] = o.Source.Path
		u.SetAnnotations(annotations)
		out = append(out, Object{Content: u})
	}
	return out
}

// substitution warns, where the size is written, that another takes its place.
func (w *Wish) substitution() []workspace.Problem {
	if w.Demand.Substituted == "" {
		return nil
	}
	at := w.Workspace.At("resource.instanceType")
	return []workspace.Problem{{
		Path: at.Path, Line: at.Line, Column: at.Column, Field: w.Workspace.Written("resource.instanceType"), Message: w.Notes[len(w.Notes)-1],
		Hint:     "write the size you want, leave it out to always get the cheapest, or set capacity.retiredSizes: refuse",
		Severity: workspace.Warning, Workspace: w.Key,
	}}
}

// block records why nothing is done for the Workspace, at the place where the field is written.
func (w Wish) block(field string, err error) Wish {
	at := w.Workspace.At(field)
	p := workspace.Problem{
		Path: at.Path, Line: at.Line, Column: at.Column, Field: field, Message: err.Error(),
		Severity: workspace.Error, Workspace: w.Key,
	}
	if h, ok := err.(interface{ Where() (field, hint string) }); ok {
		field, hint := h.Where()
		at = w.Workspace.At(field)
		p.Line, p.Column, p.Field, p.Hint = at.Line, at.Column, field, hint
	}
	p.Field = w.Workspace.Written(p.Field)
	var patch *render.PatchError
	if errors.As(err, &patch) {
		p.Path, p.Line, p.Column = patch.Path, max(patch.Line, 1), max(patch.Column, 1)
		p.Field, p.Message, p.Hint = patch.Field, patch.Message, patch.Hint
	}
	w.Blocked = append(w.Blocked, p)
	return w
}

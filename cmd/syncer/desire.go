package main

import (
	"context"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// atOnce is how many Workspaces surely find a place in an empty cluster, whose number of pools is bounded.
const atOnce = 50

// desire works out what a source asks for, each Workspace in full: those for which a cluster has no place beside all others are worked
// out as if they were few. waiting are these, and why there is no place for them.
func desire(ctx context.Context, in plan.Input, policy plan.Policy, seen plan.Observed) (d plan.Desired, waiting map[workspace.Key]string, err error) {
	d, err = plan.Desire(ctx, in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil || policy.Brought || policy.Karpenter != nil {
		return d, nil, err
	}
	waiting = map[workspace.Key]string{}
	var left []workspace.Workspace
	for i := range d.Wishes {
		if w := &d.Wishes[i]; w.Waiting != "" && len(w.Blocked) == 0 {
			waiting[w.Key] = w.Waiting
			left = append(left, *w.Workspace)
		}
	}
	there := map[cluster.Ref]bool{}
	for _, o := range d.Objects {
		there[cluster.RefOf(o.Content)] = true
	}
	for some := range slices.Chunk(left, atOnce) {
		few := *in.Set
		few.Workspaces = some
		more, err := plan.Desire(ctx, &few, in.Catalog, in.Renderer, policy, seen)
		if err != nil {
			return d, nil, err
		}
		for _, o := range more.Objects {
			if ref := cluster.RefOf(o.Content); !there[ref] {
				there[ref] = true
				d.Objects = append(d.Objects, o)
			}
		}
		for _, p := range more.Problems {
			if _, own := waiting[p.Workspace]; own && !slices.Contains(d.Problems, p) {
				d.Problems = append(d.Problems, p)
			}
		}
	}
	slices.SortStableFunc(d.Problems, workspace.Problem.Compare)
	return d, waiting, nil
}

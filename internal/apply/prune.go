// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/units"
	"syncer.dev/syncer/internal/cluster"
)

// Prune deletes exactly these objects, those of each Workspace in the opposite order of their stages. Each is skipped
// unless it is still the same, still carries our labels, was applied by us, and may be deleted; the request names the
// version for which that is so.
func (c *Cluster) Prune(ctx context.Context, objects []*cluster.Object) (cluster.ChangeSet, error) {
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b *cluster.Object) int { return cluster.Stage(b.Kind) - cluster.Stage(a.Kind) })
	out := make(cluster.ChangeSet, len(ordered))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(waiting)
	for _, unit := range units.Live(ordered) {
		g.Go(func() error {
			for s := cluster.Stages - 1; s >= 0; s-- {
				err := each(ctx, len(unit), func(ctx context.Context, n int) (err error) {
					if i := unit[n]; cluster.Stage(ordered[i].Kind) == s {
						out[i], err = c.prune(ctx, ordered[i])
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.DeleteFunc(out, func(e cluster.Entry) bool { return e.Result == "" }), err
}

// prune deletes one object. It looks at the one that the watch has, and reads it if the server has a newer one.
func (c *Cluster) prune(ctx context.Context, o *cluster.Object) (cluster.Entry, error) {
	e := cluster.Entry{Ref: o.Ref, Result: cluster.Skipped}
	named := &unstructured.Unstructured{}
	named.SetAPIVersion(o.APIVersion())
	named.SetKind(o.Kind)
	named.SetNamespace(o.Namespace)
	named.SetName(o.Name)
	live, known := c.known(named)
	known = known && live != nil
	for range attempts {
		var err error
		if !known {
			live, err = c.read(ctx, named)
		}
		if err == nil {
			if live == nil || string(live.GetUID()) != o.UID || !c.mayGo(live) {
				return e, nil
			}
			err = c.remove(ctx, live)
		}
		switch {
		case err == nil:
			e.Result = cluster.Deleted
			c.memory.Forget(o.Ref)
			c.contests.Forget(o.Ref)
			return e, nil
		case apierrors.IsNotFound(err):
			return e, nil
		case outdated(err):
			known = false
			continue
		}
		if lost := c.lost(ctx, err); lost != nil {
			return cluster.Entry{}, lost
		}
		e.Result, e.Err = cluster.Failed, fmt.Errorf("delete: %w", refusal.Root(err))
		return e, nil
	}
	e.Result, e.Err = cluster.Failed, fmt.Errorf("delete: %w", errRestless)
	return e, nil
}

// remove deletes an object if it is still the same one in the same version, and leaves its dependents to the garbage
// collector.
func (c *Cluster) remove(ctx context.Context, live *unstructured.Unstructured) error {
	uid, version := live.GetUID(), live.GetResourceVersion()
	return c.client.Delete(
		ctx,
		live.DeepCopy(), // the watch has it too
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground),
	)
}

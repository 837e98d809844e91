// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// Apply applies the objects, in parallel within a stage. One that is refused does not stop the others; its error is
// in the ChangeSet. The error returned is for a server that cannot be used.
func (c *Cluster) Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	out := make(cluster.ChangeSet, len(objects))
	for s := range cluster.Stages {
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(parallel)
		for i, o := range objects {
			if cluster.Stage(o.GetKind()) != s {
				continue
			}
			g.Go(func() error {
				var err error
				out[i], err = c.apply(gctx, o)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return slices.DeleteFunc(out, func(e cluster.Entry) bool { return e.Result == "" }), err
		}
	}
	return out, nil
}

func (c *Cluster) apply(ctx context.Context, o *unstructured.Unstructured) (cluster.Entry, error) {
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Unchanged}
	if c.unchanged(o) {
		return e, nil
	}
	p, err := c.preview(ctx, o)
	switch {
	case err != nil:
		return cluster.Entry{}, err
	case p.Err != nil:
		e.Result, e.Err = cluster.Failed, p.Err
		return e, nil
	case p.Replace != "":
		return c.replace(ctx, o, p.Before)
	case p.After == nil:
		return e, nil
	}
	if secrets.Is(o) {
		return c.patchSecret(ctx, o, p)
	}
	if err := c.lookForContests(ctx, o); err != nil {
		return cluster.Entry{}, err
	}
	return c.patch(ctx, o, e)
}

// lookForContests finds out who has changed an object that is as desired for syncer. What it cannot find out is found
// out at the next change.
func (c *Cluster) lookForContests(ctx context.Context, o *unstructured.Unstructured) error {
	if !c.contests.Drifted(o) {
		return nil
	}
	fields, err := c.conflicts(ctx, o)
	if err != nil {
		return c.lost(ctx, err)
	}
	c.contests.Found(o, fields)
	return nil
}

// patch applies one object for real.
func (c *Cluster) patch(ctx context.Context, o *unstructured.Unstructured, e cluster.Entry) (cluster.Entry, error) {
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if e.Err = mayWrite(c.options, sent); e.Err != nil {
		e.Result = cluster.Failed
		return e, nil
	}
	options := ssa.DefaultApplyOptions()
	options.DriftIgnoreRules = c.ignored(o)
	entry, err := c.manager.Apply(ctx, sent, options)
	if err != nil {
		if lost := c.lost(ctx, err); lost != nil {
			return cluster.Entry{}, lost
		}
		e.Result, e.Err = cluster.Failed, refusal.Explain(err, e.Ref)
		return e, nil
	}
	c.contests.Applied(o)
	if options.DriftIgnoreRules == nil {
		c.contests.Overwrote(o)
	}
	switch entry.Action {
	case ssa.CreatedAction:
		e.Result = cluster.Created
	case ssa.ConfiguredAction:
		e.Result = cluster.Configured
	}
	return e, nil
}

// replaceWait bounds how long a pass waits for a replaced Job to be gone. If it takes longer, a later pass creates the
// new one.
const replaceWait = 5 * time.Second

func (c *Cluster) replace(ctx context.Context, o, live *unstructured.Unstructured) (cluster.Entry, error) {
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Skipped}
	if e.Err = mayWrite(c.options, o); e.Err != nil {
		e.Result = cluster.Failed
		return e, nil
	}
	if err := c.remove(ctx, live); apierrors.IsConflict(err) {
		return e, nil // the next pass looks at it again
	} else if err != nil {
		if lost := c.lost(ctx, err); lost != nil {
			return cluster.Entry{}, lost
		}
		e.Result, e.Err = cluster.Failed, refusal.Explain(err, e.Ref)
		return e, nil
	}
	err := wait.PollUntilContextTimeout(
		ctx,
		50*time.Millisecond,
		replaceWait,
		true,
		func(ctx context.Context) (bool, error) {
			now := &unstructured.Unstructured{}
			now.SetGroupVersionKind(o.GroupVersionKind())
			err := c.client.Get(ctx, client.ObjectKeyFromObject(o), now)
			return apierrors.IsNotFound(err) || err == nil && now.GetUID() != live.GetUID(), nil
		},
	)
	if err != nil {
		return e, nil
	}
	if e, err = c.patch(ctx, o, e); e.Result == cluster.Created {
		e.Result = cluster.Replaced
	}
	return e, err
}

// remove deletes an object if it is still as it was read, and leaves its dependents to the garbage collector. The error
// is a conflict if another client, such as the next leader, has written it meanwhile.
func (c *Cluster) remove(ctx context.Context, live *unstructured.Unstructured) error {
	uid, version := live.GetUID(), live.GetResourceVersion()
	err := c.client.Delete(
		ctx,
		live,
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground),
	)
	return client.IgnoreNotFound(err)
}

// Prune deletes exactly these objects. Each is read again right before, and skipped unless it is still the same, still
// carries our labels, was applied by us, and may be deleted.
func (c *Cluster) Prune(ctx context.Context, objects []cluster.Object) (cluster.ChangeSet, error) {
	out := make(cluster.ChangeSet, 0, len(objects))
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b cluster.Object) int { return cluster.Stage(b.Kind) - cluster.Stage(a.Kind) })
	for _, o := range ordered {
		e, err := c.prune(ctx, o)
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (c *Cluster) prune(ctx context.Context, o cluster.Object) (cluster.Entry, error) {
	e := cluster.Entry{Ref: o.Ref, Result: cluster.Skipped}
	live := &unstructured.Unstructured{}
	live.SetAPIVersion(o.Ref.APIVersion())
	live.SetKind(o.Kind)
	err := c.client.Get(ctx, types.NamespacedName{Namespace: o.Namespace, Name: o.Name}, live)
	if err == nil {
		l := live.GetLabels()
		mine := l[cluster.LabelManagedBy] == cluster.ManagedBy && l[cluster.LabelCluster] == c.options.Cluster &&
			appliedByUs(live)
		if !mine || string(live.GetUID()) != o.UID || live.GetAnnotations()[cluster.AnnotationPrune] == "disabled" {
			return e, nil
		}
		err = c.remove(ctx, live)
	}
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // gone, or another by the same name
		return e, nil
	case err != nil:
		if lost := c.lost(ctx, err); lost != nil {
			return e, lost
		}
		e.Result, e.Err = cluster.Failed, fmt.Errorf("delete: %w", refusal.Root(err))
		return e, nil
	}
	e.Result = cluster.Deleted
	c.mu.Lock()
	delete(c.lastApplied, o.Ref)
	c.mu.Unlock()
	c.contests.Forget(o.Ref)
	return e, nil
}

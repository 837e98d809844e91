// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/cluster"
)

// How long an answer about an external object holds. Users wait for a missing object; an existing object rarely
// disappears; the content of a ConfigMap changes the served model; a missing permission rarely appears soon.
const (
	missingHolds   = time.Second
	presentHolds   = 10 * time.Minute
	configHolds    = time.Minute
	passingHolds   = 10 * time.Second
	forbiddenHolds = 10 * time.Minute
	noKindHolds    = time.Minute // looking a kind up costs several requests
)

// seen is an answer, and until when it holds.
type cachedReference struct {
	reference cluster.Reference
	until     time.Time
}

// Look reports whether the objects exist that Workspaces refer to. It sends a GET for each, for the metadata only
// except for ConfigMaps. It keeps answers for a while, so that a pass without missing objects costs nothing. The state
// is Unknown if the server refuses the request; the error is that of an unreachable server.
func (c *Cluster) Look(
	ctx context.Context,
	refs []cluster.Ref,
	now time.Time,
) (map[cluster.Ref]cluster.Reference, error) {
	kept := map[cluster.Ref]cachedReference{}
	var due []cluster.Ref
	c.mu.Lock()
	for _, r := range refs {
		if s, ok := c.references[r]; ok && now.Before(s.until) {
			kept[r] = s
		} else {
			due = append(due, r)
		}
	}
	before := c.references
	c.mu.Unlock()

	answers := make([]cluster.Reference, len(due))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(waiting)
	for i, r := range due {
		g.Go(func() error {
			var err error
			answers[i], err = c.look(gctx, r)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, r := range due {
		s := cachedReference{answers[i], now.Add(holds(r, answers[i]))}
		if old, ok := before[r]; ok && s.reference.Presence == cluster.Unknown && old.reference.Presence == cluster.Present {
			s.reference = old.reference // what was there is taken to be there still, rather than restart what has read it
		}
		kept[r] = s
	}
	c.mu.Lock()
	c.references = kept // what nothing refers to any more is forgotten
	c.lookAgain = time.Time{}
	for _, s := range kept {
		if c.lookAgain.IsZero() || s.until.Before(c.lookAgain) {
			c.lookAgain = s.until
		}
	}
	c.mu.Unlock()
	out := make(map[cluster.Ref]cluster.Reference, len(kept))
	for r, s := range maps.All(kept) {
		out[r] = s.reference
	}
	return out, nil
}

// Due returns the next time at which the cluster may answer otherwise without an event: Look about a reference, or
// Preview about an object with a contested field. The zero time is never.
func (c *Cluster) Due() time.Time {
	c.mu.Lock()
	next := c.lookAgain
	c.mu.Unlock()
	if at := c.contests.Due(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next
}

// holds returns how long an answer is good for.
func holds(r cluster.Ref, l cluster.Reference) time.Duration {
	switch {
	case l.Presence == cluster.Missing && l.Why != "":
		return noKindHolds
	case l.Presence == cluster.Missing:
		return missingHolds
	case l.Presence == cluster.Unknown && l.Passing:
		return passingHolds
	case l.Presence == cluster.Unknown:
		return forbiddenHolds
	case isConfigMap(r):
		return configHolds
	}
	return presentHolds
}

func isConfigMap(r cluster.Ref) bool { return r.Group == "" && r.Kind == "ConfigMap" }

// look asks for one object.
func (c *Cluster) look(ctx context.Context, r cluster.Ref) (cluster.Reference, error) {
	kind := schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
	if r.Version == "" { // of a kind that another operator defines
		mapping, err := c.client.RESTMapper().RESTMapping(kind.GroupKind())
		if err != nil {
			return c.notFound(ctx, r, err)
		}
		kind = mapping.GroupVersionKind
	}
	key := types.NamespacedName{Namespace: r.Namespace, Name: r.Name}
	if isConfigMap(r) {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
		if err := c.client.Get(ctx, key, u); err != nil {
			return c.notFound(ctx, r, err)
		}
		data, _, _ := unstructured.NestedStringMap(u.Object, "data")
		if data == nil {
			data = map[string]string{}
		}
		return cluster.Reference{Presence: cluster.Present, Data: data, Ours: c.mayGo(u)}, nil
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(kind)
	if err := c.client.Get(ctx, key, m); err != nil {
		return c.notFound(ctx, r, err)
	}
	u := &unstructured.Unstructured{}
	u.SetLabels(m.Labels)
	u.SetAnnotations(m.Annotations)
	u.SetManagedFields(m.ManagedFields)
	return cluster.Reference{Presence: cluster.Present, Ours: c.mayGo(u)}, nil
}

// notFound distinguishes a missing object from an object in an unknown state. The error is that of an unreachable
// server.
func (c *Cluster) notFound(ctx context.Context, r cluster.Ref, err error) (cluster.Reference, error) {
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err) && refusal.UnknownPath(err):
		return cluster.Reference{
			Presence: cluster.Missing,
			Why:      "the cluster does not know the kind " + r.Kind + "." + r.Group,
		}, nil
	case apierrors.IsNotFound(err):
		return cluster.Reference{Presence: cluster.Missing}, nil
	}
	if lost := c.lost(ctx, err); lost != nil {
		return cluster.Reference{}, lost
	}
	return cluster.Reference{
		Presence: cluster.Unknown,
		Why:      refusal.Explain(err, r).Error(),
		Passing:  !apierrors.IsForbidden(err),
	}, nil
}

// mayGo reports whether an object is ours, and not kept from being pruned.
func (c *Cluster) mayGo(u *unstructured.Unstructured) bool {
	l := u.GetLabels()
	return l[cluster.LabelManagedBy] == cluster.ManagedBy && l[cluster.LabelCluster] == c.options.Cluster &&
		mirror.AppliedByUs(u) && mayDelete(u)
}

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

	"syncer.dev/syncer/internal/cluster"
)

// How long an answer about an object of others holds. What is missing is waited for; what is there rarely goes; the content of a
// ConfigMap is part of what is served. What may not be read will hardly be allowed soon.
const (
	missingHolds   = time.Second
	presentHolds   = 10 * time.Minute
	configHolds    = time.Minute
	passingHolds   = 10 * time.Second
	forbiddenHolds = 10 * time.Minute
	noKindHolds    = time.Minute // looking a kind up costs several requests
)

// seen is an answer, and until when it holds.
type seen struct {
	look  cluster.Look
	until time.Time
}

// Look says of objects that Workspaces refer to whether they are there: by a GET for each, of its metadata alone but for
// ConfigMaps. Answers are kept for a while, so that a pass in which all is there costs nothing. What the server does not permit, or
// cannot do, is Unknown; an error is for a server that cannot be used.
func (c *Cluster) Look(ctx context.Context, refs []cluster.Ref, now time.Time) (map[cluster.Ref]cluster.Look, error) {
	kept := map[cluster.Ref]seen{}
	var due []cluster.Ref
	c.mu.Lock()
	for _, r := range refs {
		if s, ok := c.looked[r]; ok && now.Before(s.until) {
			kept[r] = s
		} else {
			due = append(due, r)
		}
	}
	before := c.looked
	c.mu.Unlock()

	answers := make([]cluster.Look, len(due))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
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
		s := seen{answers[i], now.Add(holds(r, answers[i]))}
		if old, ok := before[r]; ok && s.look.Presence == cluster.Unknown && old.look.Presence == cluster.Present {
			s.look = old.look // what was there is taken to be there still, rather than restart what has read it
		}
		kept[r] = s
	}
	c.mu.Lock()
	c.looked = kept // what nothing refers to any more is forgotten
	c.mu.Unlock()
	out := make(map[cluster.Ref]cluster.Look, len(kept))
	for r, s := range maps.All(kept) {
		out[r] = s.look
	}
	return out, nil
}

// holds returns how long an answer is good for.
func holds(r cluster.Ref, l cluster.Look) time.Duration {
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
func (c *Cluster) look(ctx context.Context, r cluster.Ref) (cluster.Look, error) {
	kind := schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
	if r.Version == "" { // of a kind that somebody else defines
		mapping, err := c.client.RESTMapper().RESTMapping(kind.GroupKind())
		if err != nil {
			return c.unseen(r, err)
		}
		kind = mapping.GroupVersionKind
	}
	key := types.NamespacedName{Namespace: r.Namespace, Name: r.Name}
	if isConfigMap(r) {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
		if err := c.client.Get(ctx, key, u); err != nil {
			return c.unseen(r, err)
		}
		data, _, _ := unstructured.NestedStringMap(u.Object, "data")
		if data == nil {
			data = map[string]string{}
		}
		return cluster.Look{Presence: cluster.Present, Data: data, Ours: c.mayGo(u)}, nil
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(kind)
	if err := c.client.Get(ctx, key, m); err != nil {
		return c.unseen(r, err)
	}
	u := &unstructured.Unstructured{}
	u.SetLabels(m.Labels)
	u.SetAnnotations(m.Annotations)
	u.SetManagedFields(m.ManagedFields)
	return cluster.Look{Presence: cluster.Present, Ours: c.mayGo(u)}, nil
}

// unseen tells an object that is not there from one that nobody can tell about. An error is for a server that cannot be used.
func (c *Cluster) unseen(r cluster.Ref, err error) (cluster.Look, error) {
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err) && unknownPath(err):
		return cluster.Look{Presence: cluster.Missing, Why: "the cluster does not know the kind " + r.Kind + "." + r.Group}, nil
	case apierrors.IsNotFound(err):
		return cluster.Look{Presence: cluster.Missing}, nil
	}
	if lost := c.reachable(err); lost != nil {
		return cluster.Look{}, lost
	}
	return cluster.Look{Presence: cluster.Unknown, Why: explain(err, r).Error(), Passing: !apierrors.IsForbidden(err)}, nil
}

// mayGo reports whether an object is ours, and not kept from being pruned.
func (c *Cluster) mayGo(u *unstructured.Unstructured) bool {
	l := u.GetLabels()
	return l[cluster.LabelManagedBy] == cluster.ManagedBy && l[cluster.LabelCluster] == c.options.Cluster && appliedByUs(u) &&
		u.GetAnnotations()[cluster.AnnotationPrune] != "disabled"
}

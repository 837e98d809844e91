// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// parallel bounds the requests in flight. More make an API server slower, not faster.
const parallel = 8

// cacheEntry records that an object was as desired: its desired state, and the live object that matched it.
type cacheEntry struct {
	desired [sha256.Size]byte
	live    liveVersion
}

// liveVersion changes with every relevant change of a live object: the generation changes with the spec, and the
// resource version replaces it for objects without a generation. A change of the status does not change it.
type liveVersion struct {
	uid     string
	version string
	meta    [sha256.Size]byte
}

func liveVersionOf(u *unstructured.Unstructured) liveVersion {
	f := liveVersion{uid: string(u.GetUID()), version: fmt.Sprint(u.GetGeneration())}
	if u.GetGeneration() == 0 {
		f.version = "rv" + u.GetResourceVersion()
	}
	f.meta = sum(
		map[string]any{
			"labels":      u.GetLabels(),
			"annotations": u.GetAnnotations(),
			"deleting":    u.GetDeletionTimestamp() != nil,
		},
	)
	return f
}

// sum hashes a value by its JSON, in which keys are sorted.
func sum(v any) [sha256.Size]byte {
	data, _ := json.Marshal(v) // plain values
	return sha256.Sum256(data)
}

// Preview returns the effect of applying each object, in the same order. An object that was as desired, and has not
// changed since, costs no request.
func (c *Cluster) Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, o := range objects {
		if c.unchanged(o) {
			out[i] = cluster.Preview{Ref: cluster.RefOf(o)}
			continue
		}
		g.Go(func() error {
			p, err := c.preview(ctx, o)
			out[i] = p
			return err
		})
	}
	return out, g.Wait()
}

// unchanged reports whether the object is known to be as it should.
func (c *Cluster) unchanged(o *unstructured.Unstructured) bool {
	live := c.live(o)
	if live == nil {
		return false
	}
	c.mu.Lock()
	v, ok := c.lastApplied[cluster.RefOf(o)]
	c.mu.Unlock()
	return ok && v.live == liveVersionOf(live) && v.desired == sum(o.Object)
}

// live returns the object as the watch has it, or nil.
func (c *Cluster) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.optionalKind(kind); l != nil {
		return l.get(o.GetNamespace(), o.GetName())
	}
	return c.watches.get(applied[kind], o.GetNamespace(), o.GetName())
}

func (c *Cluster) remember(o, live *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastApplied[cluster.RefOf(o)] = cacheEntry{desired: sum(o.Object), live: liveVersionOf(live)}
}

// preview asks the server about one object. An error means that the server could not be asked.
func (c *Cluster) preview(ctx context.Context, o *unstructured.Unstructured) (cluster.Preview, error) {
	p := cluster.Preview{Ref: cluster.RefOf(o)}
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if p.Err = mayWrite(c.options, sent); p.Err != nil {
		return p, nil
	}
	if secrets.Is(o) {
		return c.previewSecret(ctx, o, p)
	}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(o.GroupVersionKind())
	err := c.client.Get(ctx, client.ObjectKeyFromObject(o), live)
	switch {
	case apierrors.IsNotFound(err) && !refusal.UnknownPath(err):
		live = nil
	case err != nil:
		return c.refused(ctx, p, err)
	default:
		if p.Err = c.mayTouch(live); p.Err != nil {
			return p, nil
		}
	}
	options := ssa.DefaultDiffOptions()
	options.DriftIgnoreRules = c.ignored(o)
	entry, _, merged, err := c.manager.Diff(ctx, sent, options)
	switch {
	case err != nil && live != nil && o.GetKind() == "Job" && immutable(err):
		return c.replaceJob(p, live, o), nil
	case err != nil:
		return c.refused(ctx, p, err)
	case entry.Action == ssa.CreatedAction:
		p.After = o
	case live == nil:
		p.Err = errors.New("another client has just created it")
	case entry.Action == ssa.ConfiguredAction:
		p.Before, p.After = live, merged
	case c.contests.Left(o) != nil && c.contests.Answer() == contest.Overwrite:
		// Not remembered: the field is to be set back when its time has come.
	default:
		c.remember(o, live)
	}
	return p, nil
}

// replaceJob decides about a Job with another pod template. A Job of the same inputs stays, so that a newer syncer does
// not repeat a finished tuning because it renders it differently.
func (c *Cluster) replaceJob(p cluster.Preview, live, o *unstructured.Unstructured) cluster.Preview {
	if live.GetAnnotations()[cluster.AnnotationInputs] == o.GetAnnotations()[cluster.AnnotationInputs] {
		c.remember(o, live)
		return p
	}
	p.Before, p.After, p.Replace = live, o, "the pods of a Job cannot be changed"
	return p
}

// immutable reports whether the server refuses a change because of a field that cannot change, and for nothing else.
func immutable(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return false
	}
	for _, cause := range status.Status().Details.Causes {
		if !strings.Contains(cause.Message, "field is immutable") {
			return false
		}
	}
	return true
}

// mayTouch returns why a live object must be left alone, or nil.
func (c *Cluster) mayTouch(live *unstructured.Unstructured) error {
	l := live.GetLabels()
	managed, name := l[cluster.LabelManagedBy] == cluster.ManagedBy, l[cluster.LabelCluster]
	switch {
	case live.GetDeletionTimestamp() != nil:
		return errors.New("it is being deleted")
	case live.GetAnnotations()[annotationAdopt] == "true":
		return nil
	case managed && name == c.options.Cluster && appliedByUs(live):
		return nil
	case managed && name != "" && name != c.options.Cluster:
		return fmt.Errorf("it belongs to another syncer (label %s: %s)", cluster.LabelCluster, name)
	}
	owner := "another client"
	for _, f := range live.GetManagedFields() {
		if f.Manager != fieldManager && f.Subresource == "" { // our own is left when our labels were taken off
			owner = f.Manager
			break
		}
	}
	where := ""
	if live.GetNamespace() != "" {
		where = "-n " + live.GetNamespace() + " "
	}
	return fmt.Errorf(
		"it exists already and belongs to %s; rename the Workspace, delete the object, or hand it over with: "+
			"kubectl annotate %s %s%s %s=true",
		owner,
		strings.ToLower(live.GetKind()),
		where,
		live.GetName(),
		annotationAdopt,
	)
}

// annotationAdopt on a live object hands it over to syncer.
const annotationAdopt = "syncer.dev/adopt"

// refused tells the server's answer about one object from a server that cannot be asked.
func (c *Cluster) refused(ctx context.Context, p cluster.Preview, err error) (cluster.Preview, error) {
	if e := c.lost(ctx, err); e != nil {
		return p, e
	}
	p.Err = refusal.Explain(err, p.Ref)
	return p, nil
}

// lost returns nil when err concerns one object only, and otherwise an UnreachableError. An answer such as 503 or 504
// may come from behind the server: from a webhook, or from an aggregated API. It counts for all objects only if the
// server does not give its version either.
func (c *Cluster) lost(ctx context.Context, err error) error {
	unreachable := c.reachable(err)
	var status apierrors.APIStatus
	if unreachable == nil || !errors.As(err, &status) ||
		apierrors.IsUnauthorized(err) || apierrors.IsTooManyRequests(err) {
		return unreachable
	}
	if c.contact(ctx) == nil {
		return nil
	}
	return unreachable
}

// reachable returns nil when the server answered, if only to refuse, and otherwise an error that concerns all objects.
// An internal error is about the one object: a webhook that fails, or a field that its schema does not have.
func (c *Cluster) reachable(err error) error {
	var netErr net.Error
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case refusal.FromWebhook(err):
		return nil
	case apierrors.IsServerTimeout(err),
		apierrors.IsTimeout(err),
		apierrors.IsTooManyRequests(err),
		apierrors.IsServiceUnavailable(err),
		apierrors.IsUnauthorized(err):
		return &UnreachableError{URL: c.config.Host, err: err}
	case apierrors.ReasonForError(err) != "", errors.As(err, &status):
		return nil
	case errors.As(err, &netErr),
		errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF):
		return &UnreachableError{URL: c.config.Host, err: err}
	}
	return nil
}

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
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/cluster"
)

// parallel bounds the requests in flight. More make an API server slower, not faster.
const parallel = 8

// verdict remembers that an object was as it should be: what was wished, and which live object was found so.
type verdict struct {
	wish [sha256.Size]byte
	live fingerprint
}

// fingerprint changes whenever a live object does in a way that could matter: the generation moves with the spec, and the
// resource version stands in for it where there is none. A status that changes leaves it alone.
type fingerprint struct {
	uid     string
	version string
	meta    [sha256.Size]byte
}

func fingerprintOf(u *unstructured.Unstructured) fingerprint {
	f := fingerprint{uid: string(u.GetUID()), version: fmt.Sprint(u.GetGeneration())}
	if u.GetGeneration() == 0 {
		f.version = "rv" + u.GetResourceVersion()
	}
	f.meta = sum(map[string]any{"labels": u.GetLabels(), "annotations": u.GetAnnotations(), "deleting": u.GetDeletionTimestamp() != nil})
	return f
}

// sum hashes a value by its JSON, in which keys are sorted.
func sum(v any) [sha256.Size]byte {
	data, _ := json.Marshal(v) // plain values
	return sha256.Sum256(data)
}

// Preview says for each object what applying it would do, in the same order. Objects that were found as they should be, and
// have not changed since, cost no request.
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
	v, ok := c.known[cluster.RefOf(o)]
	c.mu.Unlock()
	return ok && v.live == fingerprintOf(live) && v.wish == sum(o.Object)
}

// live returns the object as the watch has it, or nil.
func (c *Cluster) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.lateKind(kind); l != nil {
		return l.get(o.GetNamespace(), o.GetName())
	}
	return c.watches.get(applied[kind], o.GetNamespace(), o.GetName())
}

func (c *Cluster) remember(o, live *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[cluster.RefOf(o)] = verdict{wish: sum(o.Object), live: fingerprintOf(live)}
}

// preview asks the server about one object. An error means that the server could not be asked.
func (c *Cluster) preview(ctx context.Context, o *unstructured.Unstructured) (cluster.Preview, error) {
	p := cluster.Preview{Ref: cluster.RefOf(o)}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(o.GroupVersionKind())
	err := c.client.Get(ctx, client.ObjectKeyFromObject(o), live)
	switch {
	case apierrors.IsNotFound(err) && !unknownPath(err):
		live = nil
	case err != nil:
		return c.refused(p, err)
	default:
		if p.Err = c.mayTouch(live); p.Err != nil {
			return p, nil
		}
	}
	entry, _, merged, err := c.manager.Diff(ctx, o.DeepCopy(), ssa.DefaultDiffOptions())
	switch {
	case err != nil && live != nil && o.GetKind() == "Job" && immutable(err):
		return c.replaceJob(p, live, o), nil
	case err != nil:
		return c.refused(p, err)
	case entry.Action == ssa.CreatedAction:
		p.After = o
	case live == nil:
		p.Err = errors.New("somebody else has created it just now")
	case entry.Action == ssa.ConfiguredAction:
		p.Before, p.After = live, merged
	default:
		c.remember(o, live)
	}
	return p, nil
}

// replaceJob decides about a Job whose pods would be others. One that was made for the very same inputs stays: a finished
// tuning is not to be repeated because a newer syncer words it differently.
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
	switch {
	case live.GetDeletionTimestamp() != nil:
		return errors.New("it is being deleted")
	case live.GetAnnotations()[annotationAdopt] == "true":
		return nil
	case l[cluster.LabelManagedBy] == cluster.ManagedBy && l[cluster.LabelCluster] == c.options.Cluster && appliedByUs(live):
		return nil
	case l[cluster.LabelManagedBy] == cluster.ManagedBy && l[cluster.LabelCluster] != "" && l[cluster.LabelCluster] != c.options.Cluster:
		return fmt.Errorf("it belongs to another syncer (label %s: %s)", cluster.LabelCluster, l[cluster.LabelCluster])
	}
	owner := "somebody else"
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
	return fmt.Errorf("it exists already and belongs to %s; rename the Workspace, delete the object, or hand it over with: kubectl annotate %s %s%s %s=true",
		owner, strings.ToLower(live.GetKind()), where, live.GetName(), annotationAdopt)
}

// annotationAdopt on a live object hands it over to syncer.
const annotationAdopt = "syncer.dev/adopt"

// refused tells the server's answer about one object from a server that cannot be asked.
func (c *Cluster) refused(p cluster.Preview, err error) (cluster.Preview, error) {
	if e := c.reachable(err); e != nil {
		return p, e
	}
	p.Err = explain(err, p.Ref)
	return p, nil
}

// reachable returns nil when the server answered, if only to refuse, and otherwise an error that concerns all objects.
// An internal error is about the one object: a webhook that fails, or a field that its schema does not have.
func (c *Cluster) reachable(err error) error {
	var netErr net.Error
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case apierrors.IsServerTimeout(err), apierrors.IsTimeout(err), apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err), apierrors.IsUnauthorized(err):
		return &UnreachableError{URL: c.config.Host, err: err}
	case apierrors.ReasonForError(err) != "", errors.As(err, &status):
		return nil
	case errors.As(err, &netErr), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &UnreachableError{URL: c.config.Host, err: err}
	}
	return nil
}

// explain puts the server's refusal into words that help. Values of Secrets are never in them: the server's messages quote
// fields of the kinds that we apply, of which none is a Secret.
func explain(err error, r cluster.Ref) error {
	var details *apierrors.StatusError
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err) && unknownPath(err):
		return missingKind(schema.GroupKind{Group: r.Group, Kind: r.Kind}, apiVersion(r))
	case apierrors.IsNotFound(err) && strings.Contains(err.Error(), "namespaces"):
		return fmt.Errorf("namespace %s does not exist; create it: kubectl create namespace %s", r.Namespace, r.Namespace)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("not permitted: %w", rootStatus(err))
	case errors.As(err, &details):
		return rootStatus(err)
	}
	return err
}

// rootStatus strips the library's words around the server's.
func rootStatus(err error) error {
	var status *apierrors.StatusError
	if errors.As(err, &status) {
		return status
	}
	return err
}

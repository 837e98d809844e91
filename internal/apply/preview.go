// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/drift"
	"syncer.dev/syncer/internal/apply/limit"
	"syncer.dev/syncer/internal/apply/recreate"
	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// waiting bounds how many objects are looked at together. How many requests are in flight is up to package limit; a few
// more are ready to go.
const waiting = 2 * limit.Most

// verdict is what applying an object would do.
type verdict struct {
	cluster.Preview
	live *unstructured.Unstructured // what it would change, with its version; nil: nothing is there
}

// Preview returns the effect of applying each object, in the same order. An object that was as desired, and has not
// changed since, costs no request.
func (c *Cluster) Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(waiting)
	for i, o := range objects {
		if c.unchanged(o) {
			out[i] = cluster.Preview{Ref: cluster.RefOf(o)}
			continue
		}
		g.Go(func() error {
			v, err := c.judge(ctx, o)
			out[i] = v.Preview
			if err == nil && v.Err == nil && v.After != nil {
				c.memory.Passed(o, versionOf(v.live), v.Replace)
			}
			return err
		})
	}
	return out, g.Wait()
}

// attempts bounds how often syncer reads an object again that has changed between a read and a write: the controller of
// a StatefulSet that has just changed updates its status several times within a second.
const attempts = 10

var errRestless = errors.New("other clients change it faster than syncer can read it")

// judge asks the server what applying an object would do. It trusts the watch. An error means that the server could not
// be asked.
func (c *Cluster) judge(ctx context.Context, o *unstructured.Unstructured) (verdict, error) {
	live, known := c.known(o)
	return c.judgeOver(ctx, o, live, known)
}

// judgeOver is judge for a live object that is known, or not yet.
func (c *Cluster) judgeOver(
	ctx context.Context, o, live *unstructured.Unstructured, known bool,
) (verdict, error) {
	v := verdict{Preview: cluster.Preview{Ref: cluster.RefOf(o)}, live: live}
	if v.Err = mayWrite(c.options, o); v.Err != nil {
		return v, nil
	}
	for range attempts {
		if !known {
			var err error
			if v.live, err = c.read(ctx, o); err != nil {
				return c.refused(ctx, v, err)
			}
		}
		if v.live != nil {
			switch v.Err = c.mayTouch(v.live); {
			case v.Err != nil && known: // the watch does not keep who else owns it, and may be behind
				known = false
				continue
			case v.Err != nil:
				return v, nil
			}
		}
		again, err := c.try(ctx, o, &v, known)
		if !again || err != nil {
			return v, err
		}
		known = false
	}
	v.Err = errRestless
	return v, nil
}

// try makes the dry run of an object over the live one that v names. again reports that the live one has changed.
func (c *Cluster) try(
	ctx context.Context, o *unstructured.Unstructured, v *verdict, watched bool,
) (again bool, err error) {
	if secrets.Is(o) {
		return c.trySecret(ctx, o, v)
	}
	left := c.left(o)
	if watched && v.live != nil && (o.GetKind() == "ConfigMap" || len(left) > 0) {
		return true, nil // the watch keeps neither the data of a ConfigMap nor who owns which field
	}
	merged, err := c.trial(ctx, o, v.live)
	switch {
	case outdated(err):
		return true, nil
	case err != nil && v.live != nil && recreate.Read(err).May(o.GroupVersionKind().GroupKind()):
		return false, c.mayReplace(ctx, o, v, err)
	case err != nil:
		*v, err = c.refused(ctx, *v, err)
		return false, err
	case v.live == nil:
		v.After = o
	case drift.Differs(v.live, merged, left):
		v.Before, v.After = drift.Without(v.live, nil), drift.Without(merged, left)
		if len(left) > 0 {
			v.Before = drift.Without(v.live, left)
		}
	case c.contests.Left(o) != nil && c.contests.Answer() == contest.Overwrite:
		// Not remembered: the field is to be set back when its time has come.
	default:
		c.memory.Equal(o, v.live)
	}
	return false, nil
}

// trial returns what applying an object over the live one, or over nothing, would make of it.
func (c *Cluster) trial(
	ctx context.Context, o, live *unstructured.Unstructured,
) (*unstructured.Unstructured, error) {
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if err := mayWrite(c.options, sent); err != nil {
		return nil, err
	}
	body, err := bodyOf(sent, versionOf(live))
	if err != nil {
		return nil, err
	}
	merged, _, err := c.send(ctx, sent, body, asTrial)
	return merged, err
}

// mayReplace decides about an object that cannot be changed in place, and may be created again: if the server accepts
// the new one, which a dry run under another name tells. A Job of the same inputs stays, so that a newer syncer does
// not repeat a finished tuning because it renders it differently.
func (c *Cluster) mayReplace(ctx context.Context, o *unstructured.Unstructured, v *verdict, why error) error {
	if o.GetKind() == "Job" &&
		v.live.GetAnnotations()[cluster.AnnotationInputs] == o.GetAnnotations()[cluster.AnnotationInputs] {
		c.memory.Equal(o, v.live)
		return nil
	}
	reason := "the pods of a Job cannot be changed"
	if o.GetKind() != "Job" {
		reason = strings.Join(recreate.Read(why).Fixed, ", ") + " cannot be changed"
	}
	probe := o.DeepCopy()
	probe.SetName(probeName(o.GetName()))
	if _, err := c.trial(ctx, probe, nil); err != nil {
		if lost := c.lost(ctx, err); lost != nil {
			return lost
		}
		err = refusal.Explain(err, v.Ref)
		v.Err = fmt.Errorf("%s, and the API server refuses another one in its place: %w", reason, err)
		return nil
	}
	v.Before, v.After, v.Replace = drift.Without(v.live, nil), o, reason
	return nil
}

// probeName returns a name that no Workspace has, for a dry run.
func probeName(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return fmt.Sprintf("syncer-probe-%08x", h.Sum32())
}

// refused tells the server's answer about one object from a server that cannot be asked.
func (c *Cluster) refused(ctx context.Context, v verdict, err error) (verdict, error) {
	if e := c.lost(ctx, err); e != nil {
		return v, e
	}
	v.Err = refusal.Explain(err, v.Ref)
	kind := schema.GroupKind{Group: v.Ref.Group, Kind: v.Ref.Kind}
	if cure := recreate.Read(err).Cure(kind, v.Ref.Namespace, v.Ref.Name); cure != "" {
		v.Err = fmt.Errorf("%w; %s", v.Err, cure)
	}
	return v, nil
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// previewSecret compares a Secret with the metadata of the live one.
func (c *Cluster) previewSecret(
	ctx context.Context,
	o *unstructured.Unstructured,
	p cluster.Preview,
) (cluster.Preview, error) {
	live, err := secrets.Get(ctx, c.client, o)
	switch {
	case apierrors.IsNotFound(err) && !refusal.UnknownPath(err):
		p.After = o
		return p, nil
	case err != nil:
		return c.refused(ctx, p, err)
	}
	if p.Err = c.mayTouch(live); p.Err != nil {
		return p, nil
	}
	shown, same := secrets.Compare(live, o)
	if same {
		c.remember(o, live)
		return p, nil
	}
	p.Before, p.After = shown, o
	return p, nil
}

// patchSecret applies a Secret with its data.
func (c *Cluster) patchSecret(
	ctx context.Context,
	o *unstructured.Unstructured,
	p cluster.Preview,
) (cluster.Entry, error) {
	e := cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Failed}
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if e.Err = mayWrite(c.options, sent); e.Err != nil {
		return e, nil
	}
	data, known := secrets.Lookup(c.options.Secrets).Data(sent)
	if !known {
		e.Err = errors.New("its values are unknown: no key has opened it")
		return e, nil
	}
	if err := secrets.Patch(ctx, c.client, sent, data); err != nil {
		if lost := c.lost(ctx, err); lost != nil {
			return cluster.Entry{}, secrets.WithoutValues(lost, data)
		}
		e.Err = secrets.WithoutValues(refusal.Explain(err, e.Ref), data)
		return e, nil
	}
	e.Result = cluster.Configured
	if p.Before == nil {
		e.Result = cluster.Created
	}
	return e, nil
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/secrets"
)

// trySecret compares a Secret with the metadata of the live one. If they differ and a key has opened the desired one,
// the server judges it by a dry run. Other arguments and results are those of try.
func (c *Cluster) trySecret(
	ctx context.Context, o *unstructured.Unstructured, v *verdict,
) (again bool, err error) {
	if v.live != nil {
		shown, same := secrets.Compare(v.live, o)
		if same {
			c.memory.Equal(o, v.live)
			return false, nil
		}
		v.Before = shown
	}
	v.After = o
	if _, known := secrets.Lookup(c.options.Secrets).Data(o); !known {
		return false, nil // the write says so
	}
	_, _, err = c.sendSecret(ctx, o, versionOf(v.live), asTrial)
	switch {
	case outdated(err):
		v.Before, v.After = nil, nil
		return true, nil
	case err != nil:
		*v, err = c.refused(ctx, *v, err)
		if v.Err != nil {
			v.Before, v.After = nil, nil
		}
		return false, err
	}
	return false, nil
}

var errNoValues = errors.New("its values are unknown: no key has opened it")

// sendSecret is send for a Secret, whose data join it in the body. Its errors quote no value.
func (c *Cluster) sendSecret(
	ctx context.Context, o *unstructured.Unstructured, version string, m mode,
) (answer *unstructured.Unstructured, created bool, err error) {
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if err := mayWrite(c.options, sent); err != nil {
		return nil, false, err
	}
	data, known := secrets.Lookup(c.options.Secrets).Data(sent)
	if !known {
		return nil, false, errNoValues
	}
	sent.SetResourceVersion(version)
	body, err := secrets.Body(sent, data)
	if err != nil {
		return nil, false, err
	}
	answer, created, err = c.send(ctx, sent, body, m)
	if err != nil {
		err = secrets.WithoutValues(err, data)
	}
	return answer, created, err
}

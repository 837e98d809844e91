// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/drift"
	"syncer.dev/syncer/internal/cluster"
)

// left returns the fields of an object that syncer leaves to other controllers, as JSON pointers: by a rule, or because
// they keep changing them.
func (c *Cluster) left(o *unstructured.Unstructured) []string {
	return append(c.owned(o), c.contests.Left(o)...)
}

// owned returns the fields of an object that belong to others by a rule, as JSON pointers.
func (c *Cluster) owned(o *unstructured.Unstructured) []string {
	return c.options.Ignore.Of(o, c.live(o))
}

// leave makes an object that is sent leave fields as they are live.
func leave(sent, live *unstructured.Unstructured, left []string) error {
	return drift.Leave(sent, live, left, func(pointer string) bool {
		for _, e := range live.GetManagedFields() {
			if e.Manager != cluster.FieldManager && e.Operation == metav1.ManagedFieldsOperationApply && e.FieldsV1 != nil &&
				drift.Owns(e.FieldsV1.GetRawBytes(), live, pointer) {
				return true
			}
		}
		return false
	})
}

// conflicts asks the server which fields of a desired object other field managers have set to other values. It is a
// dry run without force, to which the server answers with a conflict for each such field.
func (c *Cluster) conflicts(ctx context.Context, o *unstructured.Unstructured) ([]contest.Conflict, error) {
	sent := o.DeepCopy() // nothing else has this copy: what is checked is what is sent
	if err := mayWrite(c.options, sent); err != nil {
		return nil, err
	}
	body, err := bodyOf(sent, "")
	if err != nil {
		return nil, err
	}
	_, _, err = c.send(ctx, sent, body, asInquiry)
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil, nil
	case !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil:
		return nil, err
	}
	var out []contest.Conflict
	owned := c.owned(o)
	for _, cause := range status.Status().Details.Causes {
		manager := quoted.FindStringSubmatch(cause.Message)
		pointer, ok := contest.PointerTo(o.Object, cause.Field)
		if cause.Type == metav1.CauseTypeFieldManagerConflict && manager != nil && ok &&
			!slices.Contains(owned, pointer) {
			out = append(out, contest.Conflict{
				Field:   strings.TrimPrefix(cause.Field, "."),
				Manager: manager[1],
				Pointer: pointer,
			})
		}
	}
	return out, nil
}

// quoted finds the field manager in a message such as: conflict with "autoscaler" with subresource "scale".
var quoted = regexp.MustCompile(`conflict with "([^"]+)"`)

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/ssa/jsondiff"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/contest"
)

// ignored returns the fields of an object that syncer leaves to other controllers, as rules for package ssa.
func (c *Cluster) ignored(o *unstructured.Unstructured) []jsondiff.IgnoreRule {
	paths := append(c.owned(o), c.contests.Left(o)...)
	if len(paths) > 0 {
		return []jsondiff.IgnoreRule{{Paths: paths}}
	}
	return nil
}

// owned returns the fields of an object that belong to others by a rule, as JSON pointers.
func (c *Cluster) owned(o *unstructured.Unstructured) []string {
	return c.options.Ignore.Of(o, c.live(o))
}

// conflicts asks the server which fields of a desired object other field managers have set to other values. It is a
// dry run without force, to which the server answers with a conflict for each such field.
func (c *Cluster) conflicts(ctx context.Context, o *unstructured.Unstructured) ([]contest.Conflict, error) {
	sent := client.ApplyConfigurationFromUnstructured(o.DeepCopy())
	err := c.client.Apply(ctx, sent, client.DryRunAll, client.FieldOwner(fieldManager))
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

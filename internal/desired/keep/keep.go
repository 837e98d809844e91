// SPDX-License-Identifier: Apache-2.0

// Package keep decides whether the pods of a Workspace that was taken over from KAITO run on. Pure.
package keep

import (
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/adoption/alike"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
)

// Decision is what was decided about the pod template of a Workspace.
type Decision struct {
	Rendered render.Bundle // as syncer renders it
	Bundle   render.Bundle // with the pod template of the live StatefulSet, or as rendered
	Restarts []string      // the fields because of which the pods restart; none if they run on

	want *unstructured.Unstructured // the StatefulSet as syncer renders it
	live cluster.Adopted
}

// Of decides about a Workspace of that name, or returns nil if that does not depend on what KAITO made: it was not
// taken over, or its pods are syncer's. last is the decision before, which serves again if all is the same; nil for
// none.
func Of(name string, b render.Bundle, live *cluster.Adopted, last *Decision) *Decision {
	if live == nil || live.Spec == nil {
		return nil
	}
	at := slices.IndexFunc(b.Objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "StatefulSet" && o.GetName() == name
	})
	if at < 0 {
		return nil
	}
	if last != nil && last.want == b.Objects[at] && reflect.DeepEqual(last.live, *live) {
		return last
	}
	return decide(b, at, *live)
}

// decide keeps the pod template of the live StatefulSet while the pods are what syncer would make, and until what
// syncer renders changes: a change restarts them anyhow.
func decide(b render.Bundle, at int, live cluster.Adopted) *Decision {
	want := b.Objects[at]
	d := &Decision{Rendered: b, Bundle: b, want: want, live: live}
	digest, err := alike.Digest(want)
	if err != nil {
		d.Restarts = []string{err.Error()}
		return d
	}
	spec, _ := want.Object["spec"].(map[string]any)
	d.Restarts = alike.Differences(live.Spec, spec)
	if len(d.Restarts) == 0 && live.For != "" && live.For != digest {
		d.Restarts = []string{"what syncer renders has changed since the take-over"}
	}
	if len(d.Restarts) > 0 {
		return d
	}
	with, err := b.With(at, alike.Keep(want, live.Spec, digest))
	if err != nil {
		d.Restarts = []string{err.Error()}
		return d
	}
	d.Bundle = with
	return d
}

// Replaced lists the fields because of which the StatefulSet is recreated when its pods restart.
func (d *Decision) Replaced() []string {
	if d == nil || len(d.Restarts) == 0 {
		return nil
	}
	spec, _ := d.want.Object["spec"].(map[string]any)
	return alike.Immutable(d.live.Spec, spec)
}

// Note says in the status what becomes of the pods.
func (d *Decision) Note() string {
	if len(d.Restarts) > 0 {
		return "its pods are KAITO's, and restart: " + strings.Join(d.Restarts, "; ")
	}
	return "its pods run on as KAITO made them, until a change restarts them"
}

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

	of   *unstructured.Unstructured // the StatefulSet as syncer renders it, or its outline
	want map[string]any             // its specification
	live cluster.Adopted
}

// Of decides about a Workspace of that name, or returns nil if that does not depend on what KAITO made: it was not
// taken over, or its pods are syncer's. last is the decision before, which serves again if all is the same; nil for
// none.
func Of(name string, b render.Bundle, live *cluster.Adopted, last *Decision) *Decision {
	if live == nil || live.Spec == nil {
		return nil
	}
	at := slices.IndexFunc(b.List(), func(o render.Listed) bool { return o.Kind == "StatefulSet" && o.Name == name })
	if at < 0 {
		return nil
	}
	if last != nil && last.of == b.Objects[at] && reflect.DeepEqual(last.live, *live) {
		return last
	}
	objects, known := b.Whole()
	if !known {
		return nil
	}
	return decide(b, at, objects[at], *live)
}

// decide keeps the pod template of the live StatefulSet while the pods are what syncer would make, and until what
// syncer renders changes: a change restarts them anyhow.
func decide(b render.Bundle, at int, want *unstructured.Unstructured, live cluster.Adopted) *Decision {
	spec, _ := want.Object["spec"].(map[string]any)
	d := &Decision{Rendered: b, Bundle: b, of: b.Objects[at], want: spec, live: live}
	digest, err := alike.Digest(want)
	if err != nil {
		d.Restarts = []string{err.Error()}
		return d
	}
	d.Restarts = alike.Differences(live.Spec, spec)
	if len(d.Restarts) == 0 && live.For != "" && live.For != digest {
		d.Restarts = []string{"what syncer renders has changed since the take-over"}
	}
	if len(d.Restarts) > 0 {
		return d
	}
	d.want = nil // Replaced needs it only for pods that restart
	with, ok, err := b.With(at, alike.Keep(want, live.Spec, digest))
	switch {
	case err != nil:
		d.Restarts, d.want = []string{err.Error()}, spec
	case ok:
		d.Bundle = with
	}
	return d
}

// Replaced lists the fields because of which the StatefulSet is recreated when its pods restart.
func (d *Decision) Replaced() []string {
	if d == nil || len(d.Restarts) == 0 {
		return nil
	}
	return alike.Immutable(d.live.Spec, d.want)
}

// Note says in the status what becomes of the pods.
func (d *Decision) Note() string {
	if len(d.Restarts) > 0 {
		return "its pods are KAITO's, and restart: " + strings.Join(d.Restarts, "; ")
	}
	return "its pods run on as KAITO made them, until a change restarts them"
}

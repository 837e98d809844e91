// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"reflect"
	"time"
)

// Unchanged reports whether Plan would start from the same source as the last time: a revision with the same content,
// and the same state of the objects that it refers to. It asks for that state as Plan does.
func (e *Engine) Unchanged(ctx context.Context, rev Revision, now time.Time) bool {
	r := &e.references
	if e.loaded == nil || e.inputs != rev.Inputs || r.of != e.loaded.Set {
		return false
	}
	if len(r.refs) == 0 {
		return true
	}
	found, err := e.cluster.Look(ctx, r.refs, now)
	return err == nil && reflect.DeepEqual(found, r.found)
}

// SPDX-License-Identifier: Apache-2.0

// Package stays lists the plain objects that stay as they are, although a plan would change or delete them. Pure.
package stays

import (
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Waiting lists the plain objects that wait for a commit that allows to delete them, because they are many.
func Waiting(g *plan.Guard, changes []*plan.Change) []status.Object {
	if !g.ObjectsWait {
		return nil
	}
	var out []status.Object
	for _, c := range changes {
		if c.Op == plan.Hold && c.Live != nil && c.Workspace == (workspace.Key{}) && c.Live.Source != "" {
			out = append(out, status.Object{
				Namespace: c.Namespace,
				Name:      c.Target,
				Source:    c.Live.Source,
				State:     status.ObjectWaits,
				Message:   c.Reason,
			})
		}
	}
	return out
}

// Observed lists the plain objects that are only observed, with what differs.
func Observed(changes []*plan.Change) []status.Object {
	var out []status.Object
	for _, c := range changes {
		if c.Op != plan.Hold || c.Object == nil || c.Workspace != (workspace.Key{}) || c.Refused {
			continue
		}
		if mode, _ := cluster.TextIn(c.Object, "annotations", workspace.AnnotationMode); mode != workspace.ModeObserve {
			continue
		}
		source, _ := cluster.TextIn(c.Object, "annotations", cluster.AnnotationSource)
		out = append(out, status.Object{
			Namespace: c.Namespace,
			Name:      c.Target,
			Source:    source,
			State:     status.ObjectDiffers,
			Message:   c.Reason + "; " + summary.Shortened([]string{summary.Differs(c)}),
		})
	}
	return out
}

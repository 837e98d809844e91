// SPDX-License-Identifier: Apache-2.0

// Package plainhealth says how the plain objects of the repository are, and which Workspaces use one that has failed.
// Pure.
package plainhealth

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Unhealthy lists the plain objects that are not what they should be, in the words of their controllers.
func Unhealthy(live []*cluster.Object) []status.Object {
	var out []status.Object
	for _, o := range live {
		if o.Deleting || o.Health.State == "" || o.Health.State == cluster.Healthy {
			continue
		}
		out = append(out, status.Object{
			Namespace: o.Namespace,
			Name:      o.Ref.String(),
			Source:    o.Source,
			State:     string(o.Health.State),
			Message:   status.Redact(o.Health.Message),
		})
	}
	return out
}

// Broken are the plain objects that have failed, and how, by what Workspaces call them.
type Broken map[workspace.Named]string

// In returns those of the desired objects that have failed in the cluster. It is never nil.
func In(live []*cluster.Object, objects []desired.Object) Broken {
	out := Broken{}
	failed := map[cluster.Ref]cluster.Health{}
	for _, o := range live {
		if o.Health.State == cluster.HealthFailed {
			failed[unversioned(o.Ref)] = o.Health
		}
	}
	if len(failed) == 0 {
		return out
	}
	for i := range objects {
		o := &objects[i]
		if o.Workspace != (workspace.Key{}) {
			continue
		}
		ref := cluster.RefOf(o.Content)
		if h, ok := failed[unversioned(ref)]; ok {
			out[workspace.Object{Content: o.Content.Object}.InCluster()] = fmt.Sprintf("%s has failed: %s", ref, h.Message)
		}
	}
	return out
}

func unversioned(r cluster.Ref) cluster.Ref {
	r.Version = ""
	return r
}

// For says which of them a Workspace names: its pods wait for them, or use what is old. w may be nil.
func (b Broken) For(w *workspace.Workspace) []string {
	if w == nil || len(b) == 0 {
		return nil
	}
	var out []string
	for _, r := range w.References() {
		if text := b[r.Named]; text != "" {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// unhealthyObjects lists the plain objects that are not what they should be, in the words of their controllers.
func (p *pass) unhealthyObjects() []status.Object {
	var out []status.Object
	for i := range p.state.Objects {
		o := &p.state.Objects[i]
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

// brokenFor says which plain objects that a Workspace names have failed: its pods wait for them, or use what is old.
func (p *pass) brokenFor(w *workspace.Workspace) []string {
	if w == nil {
		return nil
	}
	if p.broken == nil {
		p.broken = map[workspace.Named]string{}
		failed := map[cluster.Ref]cluster.Health{}
		for i := range p.state.Objects {
			if o := &p.state.Objects[i]; o.Health.State == cluster.HealthFailed {
				failed[unversioned(o.Ref)] = o.Health
			}
		}
		for _, o := range p.desired.Objects {
			if len(failed) == 0 || o.Workspace != (workspace.Key{}) {
				continue
			}
			ref := cluster.RefOf(o.Content)
			if h, ok := failed[unversioned(ref)]; ok {
				p.broken[workspace.Object{Content: o.Content.Object}.InCluster()] = fmt.Sprintf("%s has failed: %s", ref, h.Message)
			}
		}
	}
	var out []string
	if len(p.broken) > 0 {
		for _, r := range w.References() {
			if text := p.broken[r.Named]; text != "" {
				out = append(out, text)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// source is a source with its desired state.
type source struct {
	input desired.Input
	side  plan.Side
}

// digests sets the digest of each Workspace that a plan between two sources changes: that of the head, and for one that
// goes that of the base.
func (e *Engine) digests(ctx context.Context, p *plan.Plan, base, head source) {
	before, after := byKey(base.side), byKey(head.side)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range p.Workspaces {
		w := &p.Workspaces[i]
		from, of := head.input, after[w.Key]
		if w.Op == plan.Delete {
			from, of = base.input, before[w.Key]
		}
		if of == nil || w.Op == plan.NoOp || w.Op == plan.Hold {
			continue
		}
		g.Go(func() error {
			// Without a digest there is no review: the Workspace counts as not reviewed.
			w.Digest, _ = from.Digest(ctx, of, e.settings.Policy)
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
}

func byKey(s plan.Side) map[workspace.Key]*desired.Workload {
	out := make(map[workspace.Key]*desired.Workload, len(s.Desired.Workloads))
	for i := range s.Desired.Workloads {
		out[s.Desired.Workloads[i].Key] = &s.Desired.Workloads[i]
	}
	return out
}

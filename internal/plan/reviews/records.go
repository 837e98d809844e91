// SPDX-License-Identifier: Apache-2.0

package reviews

import (
	"time"

	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// Showing says where and when a plan was shown.
type Showing struct {
	PullRequest string // its address
	Commit      string // the head that was planned
	At          time.Time
}

// Records returns the records of what a plan shows, one for each Workspace that it changes or deletes, or of which it
// changes an object that its pods use, in the order of their keys. A Workspace that is refused or waits for a place has
// none: no reviewer was shown where it would run.
func Records(p *plan.Plan, s Showing) []reviewed.Record {
	var out []reviewed.Record
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		if !changes(w) && !usesOther(w) || w.Digest == "" {
			continue
		}
		out = append(out, reviewed.Record{
			Cluster:     p.Cluster,
			Workspace:   w.Key,
			Digest:      key(w),
			Shown:       Shown(p, w),
			PullRequest: s.PullRequest,
			Commit:      s.Commit,
			At:          s.At.UTC().Truncate(time.Second),
		})
	}
	return out
}

// changes reports whether the plan has a step for a Workspace.
func changes(w *plan.Workspace) bool {
	switch w.Op {
	case plan.Create, plan.Update, plan.Replace, plan.Delete:
		return true
	}
	return false
}

// key returns the digest that the record of a Workspace has.
func key(w *plan.Workspace) string {
	if w.Op == plan.Delete {
		return reviewed.Deletion(w.Digest)
	}
	return w.Digest
}

// Shown returns the values of a Workspace that a plan shows.
func Shown(p *plan.Plan, w *plan.Workspace) reviewed.Shown {
	if w.Op == plan.Delete {
		return reviewed.Shown{Deletes: true}
	}
	out := w.Place
	out.Replaces = w.Op == plan.Replace || replacesPool(p, w.Key)
	out.Interrupts = w.Interrupted
	return out
}

// replacesPool reports whether a pool of a Workspace goes while it gets another one.
func replacesPool(p *plan.Plan, of workspace.Key) bool {
	created, goes := false, false
	for i := range p.Changes {
		c := p.Changes[i]
		if c.Pool == nil || c.Workspace != of {
			continue
		}
		created = created || c.Pool.Live == nil
		goes = goes || c.Pool.Desired == nil
	}
	return created && goes
}

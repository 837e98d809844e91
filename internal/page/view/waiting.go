// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Waiting is all Workspaces that are not as desired yet, by what they wait for.
type Waiting struct {
	Groups []Group
	N      int // of all that wait, also of those that are not shown
}

// maxShown bounds how many Workspaces of a group are shown.
const maxShown = 200

// Group is the Workspaces that wait for the same kind of thing.
type Group struct {
	For   string // "a person"
	Means string // what ends it
	Items []Wait
	More  int // that are not shown
}

// Wait is one Workspace that waits.
type Wait struct {
	workspace.Key
	State  status.State
	Why    string
	Behind []workspace.Key // Workspaces that go first, or that it depends on
	Since  time.Time
}

// The groups, in the order of the page.
var waitGroups = []Group{
	{For: "a person", Means: "Nothing changes until the file, the review or the configuration does."},
	{For: "quota, a limit or capacity", Means: "There is no place for their nodes. They get one when another Workspace " +
		"goes, a limit is raised, or Azure has capacity again."},
	{For: "their turn", Means: "They follow by themselves, once the Workspaces before them are done."},
	{For: "nodes", Means: "Nodes are on the way. A new pool takes some ten minutes."},
	{For: "their pods", Means: "The nodes are there. An image is pulled, a model is loaded, or a container fails."},
}

const (
	forPerson = iota
	forPlace
	forTurn
	forNodes
	forPods
)

// Waiting returns what waits, and for what.
func (b *Board) Waiting(sees Sees) Waiting {
	var w Waiting
	groups := make([]Group, len(waitGroups))
	copy(groups, waitGroups)
	for i := range b.rows {
		r := &b.rows[i]
		if !sees(r.report.Namespace) {
			continue
		}
		at, wait, waits := waitOf(r.report, b.planned[r.report.Key])
		if !waits {
			continue
		}
		w.N++
		g := &groups[at]
		if len(g.Items) == maxShown {
			g.More++
			continue
		}
		wait.Key, wait.State, wait.Why, wait.Since = r.report.Key, known(r.report.State), lines(wait.Why), r.since
		for _, key := range wait.Behind {
			if !sees(key.Namespace) {
				wait.Behind = nil // a Workspace that the client may not see
				break
			}
		}
		g.Items = append(g.Items, wait)
	}
	for _, g := range groups {
		if len(g.Items) > 0 {
			w.Groups = append(w.Groups, g)
		}
	}
	return w
}

// waitOf returns what a Workspace waits for. Its plan may be missing.
func waitOf(r *status.Report, p *plan.Workspace) (group int, wait Wait, waits bool) {
	if p == nil {
		p = &plan.Workspace{}
	}
	switch {
	case len(p.Blocked) > 0:
		return forPerson, Wait{Why: p.Blocked[0]}, true
	case p.Held != "" && p.HeldBy.Passes():
		return forTurn, Wait{Why: p.Held, Behind: aheadOf(p)}, true
	case p.Held != "":
		return forPerson, Wait{Why: p.Held}, true
	case p.Unplaced != "":
		return forPlace, Wait{Why: p.Unplaced, Behind: aheadOf(p)}, true
	}
	return waitIn(r)
}

func aheadOf(p *plan.Workspace) []workspace.Key {
	var out []workspace.Key
	for _, a := range p.WaitsFor {
		out = append(out, a.Workspace)
	}
	return out
}

// waitIn reads from the conditions what a Workspace waits for, of which the plan holds nothing.
func waitIn(r *status.Report) (group int, wait Wait, waits bool) {
	wait = Wait{Why: r.Headline()}
	for _, c := range r.Conditions {
		if c.Status != "False" {
			continue
		}
		switch {
		case c.Type == status.Applied && c.Reason != status.RolloutWaiting && c.Reason != status.DependencyNotReady:
			return forPerson, Wait{Why: c.Message}, true
		case c.Type == status.Applied:
			return forTurn, Wait{Why: c.Message}, true
		case r.State == status.Failed:
			return forPerson, wait, true
		case r.State != status.Pending && r.State != status.NotReady:
		case c.Reason == string(diag.Suspended) || c.Reason == status.ReferenceMissing:
			return forPerson, Wait{Why: c.Message}, true
		case c.Type == status.ResourceReady:
			return forNodes, wait, true
		default:
			return forPods, wait, true
		}
	}
	return 0, wait, r.State == status.Failed
}

// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"slices"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/plan/summary"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Commits reads what commits of the followed branch allow.
type Commits interface {
	// Trailers returns the values of the trailers of a name in a part of the history.
	Trailers(ctx context.Context, name string, part History) ([]string, error)
}

// History is a part of the history of the followed branch: from Tip back to From, or to the commit behind After. It is
// Tip alone if neither is among the last commits.
type History struct{ Tip, From, After string }

// allowed returns how many deletions commits allow since these Workspaces and plain objects were last desired. What
// this process has seen decides which commits count: after a restart those from its first tip on, so that an old commit
// never allows a new deletion.
func (l *Loop) allowed(p *pass) func(context.Context, []cluster.Ref) int {
	if l.commits == nil {
		return nil
	}
	return func(ctx context.Context, gone []cluster.Ref) int {
		done := l.follow(gone) - len(gone)
		values, err := l.commits.Trailers(ctx, mass.Trailer, History{l.revision.Commit, l.from, l.since})
		if err != nil {
			l.logOnce(p, "trailers", "which deletions commits allow is unknown: "+status.Redact(err.Error()))
			return 0
		}
		return mass.Allowed(values) - done
	}
}

// follow remembers the last commit that was carried out before these went, until few of them are left. It returns
// how many have gone since: what is deleted already has used up its part of what a commit allows.
func (l *Loop) follow(gone []cluster.Ref) int {
	if !slices.ContainsFunc(gone, func(r cluster.Ref) bool { return l.gone[r] }) {
		l.since, l.from, l.gone = l.before, "", map[cluster.Ref]bool{}
		if l.before == "" {
			l.from = l.revision.Commit
		}
	}
	for _, r := range gone {
		l.gone[r] = true
	}
	return len(l.gone)
}

// carried notes the commit of a pass that has deleted what it had to.
func (l *Loop) carried(p *pass) {
	if !p.plan.Guard.Mass.Held() {
		l.before = p.out.Commit
	}
	if !p.plan.Guard.Mass.TooMany() {
		l.gone = nil
	}
}

// halted adds to the input of a report why a switch of the source stops the Workspace, and what differs meanwhile.
func (p *pass) halted(in *status.Input) {
	in.Halted = p.plan.Guard.HeldBy(in.Key)
	if in.Halted == "" {
		return
	}
	if p.waiting == nil {
		p.waiting = map[workspace.Key][]*plan.Change{}
		for _, c := range p.active {
			if c.Op == plan.Hold {
				p.waiting[c.Workspace] = append(p.waiting[c.Workspace], c)
			}
		}
	}
	// Of a Workspace that is pending or has errors no object is rendered: its live ones stay, and are no difference.
	stays := p.plan.Guard.Waiting[in.Key] != "" || p.plan.Guard.Blocked[in.Key]
	var texts []string
	for _, c := range p.waiting[in.Key] {
		if stays && c.Live != nil {
			continue
		}
		texts = append(texts, summary.Differs(c))
	}
	in.Differs = summary.Shortened(texts)
}

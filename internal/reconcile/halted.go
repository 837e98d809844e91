// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/mass"
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

// allowed returns how many deletions commits allow since these Workspaces were last desired. What this process has seen
// decides which commits count: after a restart those from its first tip on, so that an old commit never allows a new
// deletion.
func (l *Loop) allowed(p *pass) func(context.Context, []workspace.Key) int {
	if l.commits == nil {
		return nil
	}
	return func(ctx context.Context, gone []workspace.Key) int {
		done := l.follow(gone) - len(gone)
		values, err := l.commits.Trailers(ctx, mass.Trailer, History{l.revision.Commit, l.from, l.since})
		if err != nil {
			l.logOnce(p, "trailers", "which deletions commits allow is unknown: "+status.Redact(err.Error()))
			return 0
		}
		return mass.Allowed(values) - done
	}
}

// follow remembers the last commit that was carried out before Workspaces went, until few of them are left. It returns
// how many have gone since: what is deleted already has used up its part of what a commit allows.
func (l *Loop) follow(gone []workspace.Key) int {
	if !slices.ContainsFunc(gone, func(k workspace.Key) bool { return l.gone[k] }) {
		l.since, l.from, l.gone = l.before, "", map[workspace.Key]bool{}
		if l.before == "" {
			l.from = l.revision.Commit
		}
	}
	for _, k := range gone {
		l.gone[k] = true
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

// maxDiffers bounds the differences that the report on a Workspace lists.
const maxDiffers = 10

// halted adds to the input of a report why a switch of the source stops the Workspace, and what differs meanwhile.
func (p *pass) halted(in *status.Input) {
	in.Halted = p.plan.Guard.HeldBy(in.Key)
	if in.Halted == "" {
		return
	}
	if p.waiting == nil {
		p.waiting = map[workspace.Key][]*plan.Change{}
		for i := range p.plan.Changes {
			if c := p.plan.Changes[i]; c.Op == plan.Hold {
				p.waiting[c.Workspace] = append(p.waiting[c.Workspace], c)
			}
		}
	}
	var texts []string
	for _, c := range p.waiting[in.Key] {
		texts = append(texts, differs(c))
	}
	in.Differs = shortened(texts)
}

// shortened is a list of differences as one text.
func shortened(texts []string) string {
	if len(texts) == 0 {
		return "nothing differs from Git"
	}
	more := ""
	if n := len(texts) - maxDiffers; n > 0 {
		texts, more = texts[:maxDiffers], fmt.Sprintf(", and %d more", n)
	}
	return "differs from Git: " + strings.Join(texts, ", ") + more
}

// differs says what a change that waits would do. The paths and values of a plan are redacted.
func differs(c *plan.Change) string {
	switch {
	case c.Pool != nil && c.Pool.Live == nil:
		return c.Target + " would be created"
	case c.Pool != nil && c.Pool.Desired == nil:
		return c.Target + " would be deleted"
	case c.Pool != nil:
		return fmt.Sprintf("%s has %d nodes, and would have %d", c.Target, c.Pool.Live.Count, c.Pool.Desired.Count)
	case c.Live != nil:
		return c.Target + " would be deleted"
	case len(c.Values) == 0 && c.Diff == "":
		return c.Target + ": " + c.Reason
	case len(c.Values) == 0:
		return c.Target + " would be created"
	}
	var fields []string
	for _, f := range c.Values {
		text := f.Path
		if len(f.Lines) > 0 && len(f.Lines) <= 2 {
			text += " " + strings.Join(f.Lines, " ")
		}
		fields = append(fields, text)
	}
	if n := len(fields) - maxDiffers; n > 0 {
		fields = append(fields[:maxDiffers], fmt.Sprintf("%d more fields", n))
	}
	return c.Target + " (" + strings.Join(fields, "; ") + ")"
}

// observedObjects lists the plain objects that are only observed, with what differs.
func (p *pass) observedObjects() []status.Object {
	var out []status.Object
	for i := range p.plan.Changes {
		c := p.plan.Changes[i]
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
			Message:   c.Reason + "; " + shortened([]string{differs(c)}),
		})
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"path"
	"slices"
	"time"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/transitions"
	"syncer.dev/syncer/internal/workspace"
)

// Filter says which transitions to report. Its zero value is all of them.
type Filter struct {
	Least      transitions.Severity
	Workspaces []string // patterns of path.Match for namespace/name; none for all
	Reasons    []string // patterns of path.Match; none for all
	// Recovered tells as well that a Workspace of which a transition was told is Ready, Running or Succeeded again.
	Recovered bool
}

func (f Filter) accepts(t transitions.Transition) bool {
	return t.Severity >= f.Least && matches(f.Workspaces, t.Workspace.String()) && matches(f.Reasons, t.Reason)
}

// matches reports whether a pattern matches; no patterns match anything. The configuration checks patterns.
func matches(patterns []string, text string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, text); ok && err == nil {
			return true
		}
	}
	return len(patterns) == 0
}

// memory knows what was told, so that it is not told again for a while.
type memory struct {
	quiet time.Duration
	told  map[what]time.Time
	bad   map[workspace.Key]bool // a transition of which was told, and that has not recovered
	last  map[workspace.Key]what // that was told
	// later has the transitions that were not told again and have lasted since: what was told last is not true any more.
	later map[workspace.Key]transitions.Transition
}

func newMemory(quiet time.Duration) memory {
	return memory{
		quiet: quiet,
		told:  map[what]time.Time{},
		bad:   map[workspace.Key]bool{},
		last:  map[workspace.Key]what{},
		later: map[workspace.Key]transitions.Transition{},
	}
}

type what struct {
	workspace workspace.Key
	state     status.State
	reason    string
}

// choose returns the transitions to tell now: those that are new, and those that had to wait.
func (m *memory) choose(all []transitions.Transition, f Filter, now time.Time) []transitions.Transition {
	for k, at := range m.told {
		if !now.Before(at.Add(m.quiet)) {
			delete(m.told, k)
		}
	}
	for _, t := range all {
		delete(m.later, t.Workspace)
	}
	out := m.due(now)
	for _, t := range all {
		well := t.To == status.Ready || t.To == status.Running || t.To == status.Succeeded
		recovered := f.Recovered && well && t.Severity == transitions.Info && m.bad[t.Workspace]
		if !recovered && !f.accepts(t) {
			continue
		}
		switch {
		case recovered, t.To == "":
			delete(m.bad, t.Workspace)
		case t.Severity > transitions.Info:
			m.bad[t.Workspace] = true
		}
		k := whatOf(t)
		switch _, again := m.told[k]; {
		case !again:
			m.tell(t, now)
			out = append(out, t)
		case m.last[t.Workspace] != k:
			m.later[t.Workspace] = t
		}
	}
	return out
}

func whatOf(t transitions.Transition) what { return what{t.Workspace, t.To, t.Reason} }

// tell keeps that a transition was told. Nothing is kept of a Workspace that is gone, but for its quiet time.
func (m *memory) tell(t transitions.Transition, now time.Time) {
	k := whatOf(t)
	m.told[k], m.last[t.Workspace] = now, k
	if t.To == "" {
		delete(m.last, t.Workspace)
	}
}

// due returns the transitions that may be told again by now, in the order of their Workspaces.
func (m *memory) due(now time.Time) []transitions.Transition {
	var out []transitions.Transition
	for key, t := range m.later {
		if _, again := m.told[whatOf(t)]; !again {
			delete(m.later, key)
			m.tell(t, now)
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b transitions.Transition) int { return a.Workspace.Compare(b.Workspace) })
	return out
}

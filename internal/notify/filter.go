// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"path"
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
}

type what struct {
	workspace workspace.Key
	state     status.State
	reason    string
}

// choose returns the transitions to tell now.
func (m *memory) choose(all []transitions.Transition, f Filter, now time.Time) []transitions.Transition {
	for k, at := range m.told {
		if !now.Before(at.Add(m.quiet)) {
			delete(m.told, k)
		}
	}
	var out []transitions.Transition
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
		k := what{t.Workspace, t.To, t.Reason}
		if _, again := m.told[k]; again {
			continue
		}
		m.told[k] = now
		out = append(out, t)
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// ChangesOf returns the Changes that belong to one Workspace each, by its key, and the others, without those that are
// NoOp. The order is that of the steps.
func ChangesOf(p *plan.Plan) (of map[workspace.Key][]*plan.Change, others []*plan.Change) {
	of = map[workspace.Key][]*plan.Change{}
	for i := range p.Changes {
		switch c := p.Changes[i]; {
		case c.Op == plan.NoOp:
		case ofOne(c.Workspace):
			of[c.Workspace] = append(of[c.Workspace], c)
		default:
			others = append(others, c)
		}
	}
	return of, others
}

// ofOne reports whether a key is that of one Workspace.
func ofOne(k workspace.Key) bool {
	_, set := capacity.SetOf(k)
	return k != (workspace.Key{}) && !set
}

// Together returns changes as groups of neighbours of which nothing differs but the name of the object.
func Together(all []*plan.Change) [][]*plan.Change {
	var out [][]*plan.Change
	for i, c := range all {
		if i > 0 && alike(all[i-1], c) {
			out[len(out)-1] = append(out[len(out)-1], c)
			continue
		}
		out = append(out, []*plan.Change{c})
	}
	return out
}

// alike reports whether two changes need only one line.
func alike(a, b *plan.Change) bool {
	plain := func(c *plan.Change) bool {
		return c.Pool == nil && (c.Op != plan.Update && c.Op != plan.Replace || c.Texts.Empty())
	}
	return plain(a) && plain(b) && a.Op == b.Op && Why(a) == Why(b)
}

// Why is the reason of a change for people.
func Why(c *plan.Change) string {
	if c.Reason == "" && c.Op == plan.Update && c.Object != nil && c.Texts.Empty() {
		return "only what syncer notes on it"
	}
	return c.Reason
}

// SPDX-License-Identifier: Apache-2.0

package plan

import "syncer.dev/syncer/internal/workspace"

// ChangesOf returns the Changes that belong to one Workspace each, by its key, and the others, without those that are
// NoOp. The order is that of the steps.
func (p *Plan) ChangesOf() (of map[workspace.Key][]*Change, others []*Change) {
	of = map[workspace.Key][]*Change{}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case c.Op == NoOp:
		case c.ofOne():
			of[c.Workspace] = append(of[c.Workspace], c)
		default:
			others = append(others, c)
		}
	}
	return of, others
}

// Together returns changes as groups of neighbours of which nothing differs but the name of the object.
func Together(all []*Change) [][]*Change {
	var out [][]*Change
	for i, c := range all {
		if i > 0 && alike(all[i-1], c) {
			out[len(out)-1] = append(out[len(out)-1], c)
			continue
		}
		out = append(out, []*Change{c})
	}
	return out
}

// alike reports whether two changes need only one line.
func alike(a, b *Change) bool {
	plain := func(c *Change) bool { return c.Pool == nil && (c.Op != Update && c.Op != Replace || c.Diff == "") }
	return plain(a) && plain(b) && a.Op == b.Op && a.Why() == b.Why()
}

// Why is the reason of a change for people.
func (c *Change) Why() string {
	if c.Reason == "" && c.Op == Update && c.Object != nil && c.Diff == "" {
		return "only what syncer notes on it"
	}
	return c.Reason
}

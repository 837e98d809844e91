// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
)

// Extent is the size of a document once every alias is replaced by its anchor's value: a few lines of aliases of
// aliases can expand to more values than memory holds.
type Extent struct {
	Values int // scalars, lists and mappings
	Bytes  int // of all scalars
	Depth  int // of the deepest value
}

// Measure returns the extent of a document, or a Diagnostic for one that is over a limit or refers to itself. Then the
// Extent holds only the part that is over its limit. The time grows with the text, not with its expansion.
func Measure(n *yaml.Node, limit Extent) (Extent, *diag.Diagnostic) {
	m := measuring{limit: limit}
	if hasAlias(n) {
		m.seen = map[*yaml.Node]Extent{}
	}
	return m.measure(n, 0)
}

// hasAlias reports whether any node may be met more than once.
func hasAlias(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, hasAlias)
}

// measuring holds the extent of every node measured so far, where one may be met again. A node that is still being
// measured has an extent without values: meeting it again is a cycle.
type measuring struct {
	limit Extent
	seen  map[*yaml.Node]Extent // nil if there are no aliases
}

func (m measuring) measure(n *yaml.Node, depth int) (Extent, *diag.Diagnostic) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	e, seen := m.seen[n]
	switch {
	case seen && e.Values == 0:
		d := diag.Errorf(diag.SyntaxError, "an alias refers to a node that contains it").At(n.Line, n.Column)
		return Extent{}, &d
	case depth+e.Depth > m.limit.Depth:
		return m.over(n, Extent{Depth: depth + e.Depth}, fmt.Sprintf("nested more than %d deep", m.limit.Depth))
	case seen:
		return e, nil
	}
	m.note(n, Extent{})
	e = Extent{Values: 1, Bytes: len(n.Value)}
	for _, child := range n.Content {
		below, d := m.measure(child, depth+1)
		if d != nil {
			return below, d
		}
		e.Values += below.Values
		e.Bytes += below.Bytes
		e.Depth = max(e.Depth, below.Depth+1)
		if e.Values > m.limit.Values {
			return m.over(n, Extent{Values: e.Values},
				fmt.Sprintf("more than %d values once aliases are replaced", m.limit.Values))
		}
		if e.Bytes > m.limit.Bytes {
			return m.over(n, Extent{Bytes: e.Bytes},
				fmt.Sprintf("more than %d MiB once aliases are replaced", m.limit.Bytes>>20))
		}
	}
	m.note(n, e)
	return e, nil
}

func (m measuring) note(n *yaml.Node, e Extent) {
	if m.seen != nil {
		m.seen[n] = e
	}
}

func (measuring) over(n *yaml.Node, e Extent, message string) (Extent, *diag.Diagnostic) {
	d := diag.Errorf(diag.TooLarge, "%s", message).At(n.Line, n.Column)
	return e, &d
}

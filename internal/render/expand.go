package render

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Limits of one YAML document once its aliases are replaced: a few lines of aliases of aliases can stand for more nodes than
// there is memory.
const (
	maxNodes = 200_000
	maxDepth = 100
	maxBytes = 8 << 20
)

// expandable refuses a document that is too large or too deep once its aliases are replaced by what they stand for.
func expandable(n *yaml.Node) *Refusal {
	_, r := counter{}.measure(n, 0)
	return r
}

// counter holds what has been measured, so that the time taken grows with the text and not with what it stands for. What is
// being measured is there with no nodes.
type counter map[*yaml.Node]extent

// extent is how large a node is with all that is below it.
type extent struct{ nodes, depth, bytes int }

func (c counter) measure(n *yaml.Node, depth int) (extent, *Refusal) {
	refuse := func(message string) (extent, *Refusal) {
		return extent{}, &Refusal{Line: n.Line, Column: n.Column, Message: message}
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	e, seen := c[n]
	switch {
	case seen && e.nodes == 0:
		return refuse("an alias that stands for what it is part of")
	case depth+e.depth > maxDepth:
		return refuse(fmt.Sprintf("nested more than %d deep", maxDepth))
	case seen:
		return e, nil
	}
	c[n] = extent{}
	e = extent{nodes: 1, bytes: len(n.Value)}
	for _, child := range n.Content {
		below, r := c.measure(child, depth+1)
		if r != nil {
			return extent{}, r
		}
		e.nodes += below.nodes
		e.bytes += below.bytes
		e.depth = max(e.depth, below.depth+1)
		if e.bytes > maxBytes {
			return refuse(fmt.Sprintf("more than %d MiB once aliases are replaced", maxBytes>>20))
		}
		if e.nodes > maxNodes {
			return refuse(fmt.Sprintf("more than %d nodes once aliases are replaced", maxNodes))
		}
	}
	c[n] = e
	return e, nil
}

// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/strictyaml"
)

// writtenIn returns where a file of patches or objects writes a field of an object, and how much of the field's path
// is written there. A file that does not write it at all has depth 0; the position is its start then.
func writtenIn(file string, data []byte, o *unstructured.Unstructured, p podpolicy.Path) (diag.Position, int) {
	best := mark{}
	docs, _ := strictyaml.Documents(data) // they were read before; of others nothing is found
	for _, doc := range docs {
		best = best.or(search{o, p}.document(doc))
	}
	at := diag.Position{Path: file, Line: 1, Column: 1}
	if best.node != nil {
		at.Line, at.Column = best.node.Line, best.node.Column
	}
	return at, best.depth
}

// mark is a node that writes the first depth steps of a path.
type mark struct {
	node  *yaml.Node
	depth int
}

func (m mark) or(other mark) mark {
	if other.node != nil && other.depth > m.depth {
		return other
	}
	return m
}

// search looks for a field of an object in YAML documents.
type search struct {
	object *unstructured.Unstructured
	path   podpolicy.Path
}

// document searches a document: an object or strategic merge patch, a JSON patch, a target with a patch of either sort,
// or a kustomization with patches in it.
func (s search) document(n *yaml.Node) mark {
	switch {
	case n.Kind == yaml.SequenceNode:
		return s.operations(n)
	case n.Kind != yaml.MappingNode:
		return mark{}
	}
	best := mark{}
	for _, list := range []string{"patches", "patchesJson6902"} {
		for _, item := range strictyaml.Items(strictyaml.Field(n, list)) {
			best = best.or(s.document(item))
		}
	}
	for _, item := range strictyaml.Items(strictyaml.Field(n, "patchesStrategicMerge")) {
		best = best.or(s.inline(item))
	}
	patch := strictyaml.Field(n, "patch")
	if patch == nil {
		if kind := strictyaml.Text(strictyaml.Field(n, "kind")); kind != s.object.GetKind() {
			return best
		}
		return best.or(s.value(n, n, 0))
	}
	target := strictyaml.Field(n, "target")
	if kind := strictyaml.Text(strictyaml.Field(target, "kind")); kind != "" && kind != s.object.GetKind() {
		return best
	}
	if patch.Kind == yaml.ScalarNode {
		return best.or(s.inline(patch))
	}
	if patch.Kind == yaml.SequenceNode {
		return best.or(s.operations(patch))
	}
	return best.or(s.value(patch, patch, 0))
}

// inline searches a patch that is written as text. Its lines are those of the text.
func (s search) inline(n *yaml.Node) mark {
	docs, _ := strictyaml.Documents([]byte(n.Value))
	best := mark{}
	for _, doc := range docs {
		best = best.or(s.document(doc))
	}
	if best.node == nil {
		return mark{}
	}
	place := *n
	if n.Style == yaml.LiteralStyle { // the text starts on the line after the indicator
		place.Line += best.node.Line
	}
	return mark{&place, best.depth}
}

// operations searches a JSON patch.
func (s search) operations(n *yaml.Node) mark {
	best := mark{}
	for _, op := range strictyaml.Items(n) {
		pointer := strictyaml.Text(strictyaml.Field(op, "path"))
		steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
		common := 0
		for common < min(len(steps), len(s.path)) && sameStep(steps[common], s.path[common]) {
			common++
		}
		switch value := strictyaml.Field(op, "value"); {
		case common == len(s.path), common == len(steps) && value == nil:
			best = best.or(mark{op, common})
		case common == len(steps):
			best = best.or(s.value(op, value, common))
		}
	}
	return best
}

func sameStep(pointer string, step any) bool {
	if i, isIndex := step.(int); isIndex {
		return pointer == "-" || pointer == strconv.Itoa(i)
	}
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(pointer)
	return name == step
}

// value follows the path from a step on in a value; at is the node that the steps so far end at.
func (s search) value(at, n *yaml.Node, depth int) mark {
	for depth < len(s.path) {
		key, below := s.step(n, depth)
		if below == nil {
			break
		}
		at, n = key, below
		depth++
	}
	return mark{at, depth}
}

// step returns the node of the next step of the path, and where it is written.
func (s search) step(n *yaml.Node, depth int) (at, value *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch step := s.path[depth].(type) {
	case string:
		for key, value := range strictyaml.Pairs(n) {
			if key.Value == step {
				return key, value
			}
		}
	case int:
		all := strictyaml.Items(n)
		for _, item := range all {
			if name := strictyaml.Text(strictyaml.Field(item, "name")); name != "" && name == s.nameAt(depth) {
				return item, item
			}
		}
		if s.nameAt(depth) == "" && step < len(all) {
			return all[step], all[step]
		}
	}
	return nil, nil
}

// nameAt returns the name of the item of a list that a step leads to.
func (s search) nameAt(depth int) string {
	var v any = s.object.Object
	for _, step := range s.path[:depth+1] {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return ""
			}
			v = list[step]
		}
	}
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

package render

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSelector is how long a text may be by which objects are chosen; names have 253 characters.
const maxSelector = 512

// selecting are the fields in which Kustomize takes texts for regular expressions, and compiles them.
var selecting = []string{"patches", "patchesJson6902", "replacements", "images"}

// bounded refuses what would make Kustomize work for long: many items, of which each looks at all objects, and regular expressions
// that need much memory.
func (g *gateway) bounded(at place, v *yaml.Node) error {
	if v.Kind != yaml.SequenceNode {
		return nil
	}
	if err := g.add(at.file, len(v.Content)*itemWeight); err != nil {
		return err
	}
	if !slices.Contains(selecting, at.field) {
		return nil
	}
	return g.selectors(at, v)
}

// selectors refuses selectors that are too long, or that repeat something by number: a few of x{1000} need as much memory as there
// is. No name has braces.
func (g *gateway) selectors(at place, v *yaml.Node) error {
	v = resolve(v)
	for i, child := range v.Content {
		inside := at
		if v.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			key := v.Content[i-1].Value
			switch {
			case key == "fieldPaths":
				g.paths += len(resolve(child).Content)
			case key == "delimiter" && strings.Contains(at.field, ".targets"):
				// A text that is put into itself, or into one that is put into it, doubles each time.
				return at.in(".%s", key).refuse(child, "use a patch, or replace the whole value", "is not allowed")
			}
			if key == "patch" || key == "path" || key == "fieldPaths" || key == "sourceValue" {
				continue // other rules are for these
			}
			inside = at.in(".%s", key)
		}
		child = resolve(child)
		if child.Kind != yaml.ScalarNode {
			if err := g.selectors(inside, child); err != nil {
				return err
			}
			continue
		}
		if len(child.Value) > maxSelector || strings.Contains(child.Value, "{") {
			return inside.refuse(child, "write it without braces, and shorter", "too much for a selector")
		}
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Fact is one field of a preset.yaml.
type Fact struct {
	Field  string // its path, such as "model.layers"
	Value  string
	Source string // origin of the value; empty if unknown
}

// Facts returns all fields of a preset in the order of its file. It returns an error if the file has changed since
// Load.
func (c *Catalog) Facts(p Preset) ([]Fact, error) {
	doc, err := c.document(p)
	if err != nil {
		return nil, err
	}
	var out []Fact
	var walk func(n *yaml.Node, field string)
	walk = func(n *yaml.Node, field string) {
		if n.Kind == yaml.MappingNode && len(n.Content) > 0 {
			for key, value := range strictyaml.Pairs(n) {
				walk(value, strings.TrimPrefix(field+"."+key.Value, "."))
			}
			return
		}
		value := n.Value
		if n.Kind == yaml.SequenceNode {
			var items []string
			for _, e := range strictyaml.Items(n) {
				items = append(items, e.Value)
			}
			value = strings.Join(items, ", ")
		}
		out = append(out, Fact{Field: field, Value: value, Source: p.SourceOf(field)})
	}
	walk(doc, "")
	kept := out[:0]
	for _, f := range out {
		if !strings.HasPrefix(f.Field, "sources.") && f.Field != "apiVersion" && f.Field != "kind" {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// Content returns the fields of a preset.yaml without apiVersion and kind.
func (c *Catalog) Content(p Preset) (map[string]any, error) {
	doc, err := c.document(p)
	if err != nil {
		return nil, err
	}
	m, errs := strictyaml.Map(doc)
	if len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", c.where(p.Name), errs[0])
	}
	delete(m, "apiVersion")
	delete(m, "kind")
	return m, nil
}

// document reads a preset.yaml again, as a YAML node.
func (c *Catalog) document(p Preset) (*yaml.Node, error) {
	data, err := readFile(c.files, path.Join(modelsDir, p.Name, presetFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.where(p.Name), err)
	}
	docs, syntax := strictyaml.Documents(data)
	if syntax != nil {
		return nil, fmt.Errorf("%s: %w", c.where(p.Name), syntax)
	}
	doc := docs[0]
	if doc.Kind == yaml.DocumentNode {
		doc = doc.Content[0]
	}
	return doc, nil
}

// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// unselected returns a warning for each patch and replacement whose target selects no object when dir is built.
// Kustomize does not report them.
//
// It builds the folder a second time, with one more patch or replacement for each target, which marks what the target
// selects. The marks that no object has in the end belong to targets without effect. If that build fails, there is no
// warning.
func unselected(ctx context.Context, fsys fs.FS, t Tree, dir string) []diag.Diagnostic {
	m := marker{fsys: fsys, tree: maps.Clone(t), done: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if IsKustomization(path.Base(name)) {
			m.file(name)
		}
	}
	if len(m.notes) == 0 {
		return nil
	}
	objects, err := build(ctx, m.tree, dir, anywhere, toObjects)
	if err != nil {
		return nil
	}
	met := map[string]bool{}
	for _, o := range objects {
		marks, _ := o.Object[marksField].(map[string]any)
		for key := range marks {
			met[key] = true
		}
	}
	var out []diag.Diagnostic
	for i, note := range m.notes {
		if !met[mark(i)] {
			out = append(out, note)
		}
	}
	return out
}

// marksField holds the marks of an object. It is beside metadata, where no other patch replaces it.
const marksField = "syncerMarks"

// mark stands for one target.
func mark(i int) string { return fmt.Sprintf("t%d", i) }

// marker changes a tree so that each target leaves a mark.
type marker struct {
	fsys  fs.FS
	tree  Tree
	notes []diag.Diagnostic // for each target, what to say if it selects nothing
	done  map[string]bool   // files
}

// file marks the targets in a kustomization, or in a file of replacements.
func (m *marker) file(name string) {
	if m.done[name] {
		return
	}
	m.done[name] = true
	data, err := fs.ReadFile(m.fsys, name) // as it is written, for the positions
	if err != nil {
		return
	}
	docs, syntax := strictyaml.Documents(data)
	if syntax != nil || len(docs) != 1 {
		return
	}
	doc, errs := strictyaml.Expand(docs[0])
	if len(errs) > 0 {
		return
	}
	before := len(m.notes)
	if IsKustomization(path.Base(name)) {
		m.kustomization(name, doc)
	} else {
		m.replacements(name, "", doc)
	}
	if len(m.notes) == before {
		return
	}
	if text, err := yaml.Marshal(doc); err == nil {
		m.tree[name] = text
	}
}

func (m *marker) kustomization(name string, doc *yaml.Node) {
	if doc.Kind != yaml.MappingNode {
		return
	}
	var fields, patches []*yaml.Node
	for i := 0; i+1 < len(doc.Content); i += 2 {
		value := doc.Content[i+1]
		switch field := doc.Content[i].Value; field {
		case "patches", "patchesJson6902": // in one list, since the older field takes no other kind of patch
			m.patches(name, field, value)
			patches = append(patches, value.Content...)
			continue
		case "replacements":
			m.replacements(name, field, value)
		}
		fields = append(fields, doc.Content[i], value)
	}
	if len(patches) > 0 {
		fields = append(fields, scalar("patches"), &yaml.Node{Kind: yaml.SequenceNode, Content: patches})
	}
	doc.Content = fields
}

// patches adds to each patch with a target one that marks what the target selects. A patch that deletes objects gives
// way to it: what is deleted shows no mark.
func (m *marker) patches(name, field string, list *yaml.Node) {
	var out []*yaml.Node
	for i, item := range list.Content {
		target := strictyaml.Field(item, "target")
		if target == nil {
			out = append(out, item)
			continue
		}
		text := fmt.Sprintf("apiVersion: v1\nkind: Mark\nmetadata: {name: mark}\n%s: {%s: x}\n",
			marksField, mark(len(m.notes)))
		m.note(name, fmt.Sprintf("%s[%d].target", field, i), target)
		out = append(out, mapping("patch", scalar(text), "target", target))
		if !m.deletes(name, item) {
			out = append(out, item)
		}
	}
	list.Content = out
}

// deletes reports whether a strategic merge patch deletes objects, or may.
func (m *marker) deletes(name string, item *yaml.Node) bool {
	text := strictyaml.Text(strictyaml.Field(item, "patch"))
	if file := strictyaml.Text(strictyaml.Field(item, "path")); file != "" {
		text = string(m.tree[path.Join(path.Dir(name), file)])
	}
	return strings.Contains(text, "$patch") && strings.Contains(text, "delete")
}

// replacements adds to each target of each replacement one that writes the same value to a mark.
func (m *marker) replacements(name, field string, list *yaml.Node) {
	items := []*yaml.Node{list} // a file may hold a single one
	if list.Kind == yaml.SequenceNode {
		items = list.Content
	}
	for i, item := range items {
		if file := strictyaml.Text(strictyaml.Field(item, "path")); file != "" {
			m.file(path.Join(path.Dir(name), file))
			continue
		}
		targets := strictyaml.Field(item, "targets")
		if targets == nil || targets.Kind != yaml.SequenceNode {
			continue
		}
		for j, target := range targets.Content {
			sel := strictyaml.Field(target, "select")
			if sel == nil {
				continue
			}
			more := mapping(
				"select", sel,
				"fieldPaths", &yaml.Node{
					Kind: yaml.SequenceNode, Content: []*yaml.Node{scalar(marksField + "." + mark(len(m.notes)))},
				},
				"options", mapping("create", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}),
			)
			if reject := strictyaml.Field(target, "reject"); reject != nil {
				more.Content = append(more.Content, scalar("reject"), reject)
			}
			m.note(name, strings.TrimPrefix(fmt.Sprintf("%s[%d].targets[%d].select", field, i, j), "[0]."), sel)
			targets.Content = append(targets.Content, more)
		}
	}
}

func (m *marker) note(name, field string, at *yaml.Node) {
	m.notes = append(m.notes, diag.Warningf(diag.NoObjectSelected, "selects no object, so this changes nothing").
		On(field).In(name).At(at.Line, at.Column).Suggest("check its kind, name and namespace"))
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// mapping returns a mapping of alternating keys and nodes.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		switch p := p.(type) {
		case string:
			n.Content = append(n.Content, scalar(p))
		case *yaml.Node:
			n.Content = append(n.Content, p)
		}
	}
	return n
}

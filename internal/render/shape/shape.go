// SPDX-License-Identifier: Apache-2.0

// Package shape fills in what Workspaces of one shape render: those whose inputs differ in nothing but the values of
// inputs.Key.
package shape

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
)

// Object is one object that is rendered from inputs.Marked.
type Object struct {
	Ref     cluster.Ref
	Source  string // the file that it is from, or ""
	Content map[string]any
	Text    string // the content in canonical form
}

// Shape is the objects of all Workspaces of one shape, in their order. It is safe for concurrent use.
type Shape struct {
	objects []object
	// names are the texts that Kustomize may compare with the names of a Workspace.
	names []string
	// anyNamespace reports whether the namespace is filled in.
	anyNamespace bool
}

type object struct {
	ref    cluster.Ref
	source string
	text   marked
}

// New returns the shape of objects. names are those that Kustomize compares with each other, marks included. It is an
// error if a mark is a key, since its place among others would depend on the value, or no mark at all.
func New(objects []Object, names []string) (*Shape, error) {
	s := &Shape{names: names}
	for _, o := range objects {
		text, ok := newMarked(o.Text)
		if !ok || marksKey(o.Content) {
			return nil, fmt.Errorf("%s %s cannot be filled in", o.Ref.Kind, o.Ref.Name)
		}
		s.anyNamespace = s.anyNamespace || o.Ref.Namespace == inputs.Mark(inputs.Namespace)
		s.objects = append(s.objects, object{o.Ref, o.Source, text})
	}
	return s, nil
}

// Fits reports whether rendering only copies these values: they consist of letters, digits and signs that are written
// as they are, and nothing that Kustomize sees can be mistaken for one of the names. derived is the other name that
// objects of the Workspace have. The words are those of the folders that the objects are built from.
func (s *Shape) Fits(values []string, derived string, words memo.Words) bool {
	name, namespace := values[inputs.Name], values[inputs.Namespace]
	if name == "" || namespace == "" || len(name) > workspace.MaxServedName || namespace == name || namespace == derived {
		return false
	}
	names := []string{name, derived, namespace}
	if !s.anyNamespace {
		names = names[:2]
	}
	for _, n := range names {
		if words.Has(n) || slices.Contains(s.names, n) {
			return false
		}
	}
	return !slices.ContainsFunc(values, func(v string) bool { return inputs.HasMark(v) || !isPlain(v) })
}

// isPlain reports whether a text is written as it is: in JSON, and in places in which Kubernetes replaces variables.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("-._/ +=@,:~", c) < 0 {
			return false
		}
	}
	return true
}

// Fill adds the objects of a Workspace to a text, each on a line, and calls each with the place, the name, the source
// and the line of one. ok is false if the objects of the Workspace are in another order.
func (s *Shape) Fill(
	to []byte, values []string, each func(i int, ref cluster.Ref, source string, line []byte),
) (text []byte, ok bool) {
	var last cluster.Ref
	for i := range s.objects {
		o := &s.objects[i]
		ref, from := o.ref, len(to)
		ref.Name, ref.Namespace = Text(ref.Name, values), Text(ref.Namespace, values)
		if i > 0 && !inOrder(last, ref) {
			return to, false
		}
		to = o.text.append(to, values)
		each(i, ref, Text(o.source, values), to[from:])
		to, last = append(to, '\n'), ref
	}
	return to, true
}

// inOrder reports whether cluster.ByApplyOrder sorts an object behind another one.
func inOrder(a, b cluster.Ref) bool {
	if x, y := cluster.Stage(a.Kind), cluster.Stage(b.Kind); x != y {
		return x < y
	}
	return a.Kind < b.Kind || a.Kind == b.Kind && a.Name < b.Name
}

// marksKey reports whether a value has a mark as a key.
func marksKey(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			if inputs.HasMark(key) || marksKey(item) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, marksKey)
	}
	return false
}

// marked is a text with marks: each part ends in a value but for the last one.
type marked struct {
	parts  []string
	places []int
}

// newMarked reads a text with marks. ok is false if it has others than those of inputs.Marked.
func newMarked(text string) (m marked, ok bool) {
	for {
		before, place, after, found, ok := inputs.CutMark(text)
		m.parts = append(m.parts, before)
		if !found || !ok {
			return m, ok
		}
		m.places, text = append(m.places, place), after
	}
}

// append adds the text with values to another one.
func (m marked) append(to []byte, values []string) []byte {
	for i, part := range m.parts {
		to = append(to, part...)
		if i < len(m.places) {
			to = append(to, values[m.places[i]]...)
		}
	}
	return to
}

// Text returns a text with values for its marks, which must be those of inputs.Marked.
func Text(text string, values []string) string {
	if !inputs.HasMark(text) {
		return text
	}
	m, _ := newMarked(text)
	if len(m.places) == 1 && m.parts[0] == "" && m.parts[1] == "" {
		return values[m.places[0]]
	}
	return string(m.append(nil, values))
}

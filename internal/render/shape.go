// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/folders"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/workspace"
)

// shape is the Bundle that all Workspaces with the same inputs have but for inputs.Key.Values: a fleet has many of one
// shape, and a text is soon filled in. It is made of Marked inputs, and compared with what one Workspace renders.
type shape struct {
	from    *origin
	objects []shaped
	facts   *facts
	// names are the texts of the overlay that Kustomize may compare with the names of a Workspace.
	names []string
	// anyNamespace reports whether the namespace is filled in.
	anyNamespace bool
}

// shaped is one object of a shape.
type shaped struct {
	kind   map[string]any // its version and kind
	listed Listed         // with marks, and without a digest
	text   marked         // in canonical form
}

// seen stands for a shape of which one Workspace is known: its text is worth its making once there is another one.
// unusable stands for one that has none.
var seen, unusable = &shape{}, &shape{}

// alike returns the Bundle of a Workspace from its shape, in any form but in full; ok is false if it has none.
func (r *Renderer) alike(
	ctx context.Context, key inputs.Key, in form, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (b Bundle, ok bool) {
	if r.plain || in == inFull || w.Inference == nil || w.Inference.Preset == nil || w.Patch != nil {
		return Bundle{}, false
	}
	shapes := r.cache.shapes[in]
	s, known := shapes.Get(key.Shape)
	switch {
	case !known:
		shapes.Add(key.Shape, seen)
		return Bundle{}, false
	case s == seen:
		if s = r.newShape(ctx, w, p, at, o, key.Values); ctx.Err() != nil {
			return Bundle{}, false
		}
		shapes.Add(key.Shape, s)
	}
	if s == unusable {
		return Bundle{}, false
	}
	set := r.deps.Set(s.from.dirs)
	if set.Err != nil || set.Digest != s.from.files {
		shapes.Add(key.Shape, seen)
		return Bundle{}, false
	}
	if !s.fits(key.Values, set) {
		return Bundle{}, false
	}
	b, ok = s.fill(w.Key, key.Values)
	defer canonical.Release(b.text)
	if !ok {
		return Bundle{}, false
	}
	if in == asDigest {
		return Bundle{Workspace: b.Workspace, Digest: b.Digest, from: b.from}, true
	}
	b.Objects = outlinesOf(len(s.objects), func(i int) map[string]any { return s.objects[i].kind })
	b.content, b.text = r.cache.outlines.keep(b.text), nil
	return b, true
}

// newShape makes the shape of a Workspace. It is unusable if the objects of the Workspace are not those of the shape
// with its values, and if the policy for pods finds something in them, or could look at a value.
func (r *Renderer) newShape(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options, values []string,
) (s *shape) {
	defer func() {
		if recover() != nil { // what the Workspace itself makes of it is not hidden
			s = unusable
		}
	}()
	own := inputs.Marked(ownOf(w, at, o))
	there, options := at, o
	there.NodeLabels, there.Pool, options.Source = own.NodeLabels, own.Pool, own.Source
	of, err := r.sample(ctx, own.Workspace, p, there, options)
	if err != nil {
		return unusable
	}
	one, err := r.sample(ctx, w, p, at, o)
	if err != nil || !slices.Equal(of.likeness, one.likeness) {
		return unusable
	}
	defer canonical.Release(of.bundle.text)
	defer canonical.Release(one.bundle.text)
	s, ok := of.shape(own.Workspace, &r.cache.outlines)
	if !ok {
		return unusable
	}
	if digest, err := r.deps.Digest(s.from.dirs); err != nil || digest != one.files {
		return unusable
	}
	s.from.files = one.files
	if b, ok := s.fill(w.Key, values); !ok || !bytes.Equal(b.text, one.bundle.text) || b.Digest != one.bundle.Digest ||
		!slices.Equal(b.listed, one.bundle.listed) || b.Facts(w.Key) != one.bundle.Facts(w.Key) {
		return unusable
	}
	return s
}

// sample is what one Workspace of a shape renders.
type sample struct {
	draft    draft
	bundle   Bundle
	files    string   // the digest of those that it is built from
	likeness []string // of the objects for the policy for pods; "" for those that it does not look into
}

// sample renders one Workspace of a shape in full. It is an error if it is not built from a template, or if the policy
// for pods finds something.
func (r *Renderer) sample(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (s sample, err error) {
	if s.draft, err = r.draft(ctx, w, p, at, o, false); err != nil {
		return sample{}, err
	}
	if s.draft.from.templates == nil || len(s.draft.warnings) > 0 {
		return sample{}, fmt.Errorf("%s has no shape", w.Key)
	}
	if s.files, err = r.deps.Digest(s.draft.over.uses()); err != nil {
		return sample{}, err
	}
	if !o.DigestOnly {
		for _, u := range s.draft.objects {
			like, known := o.Pods.Likeness(u.Object)
			if len(o.Pods.Judge(u.Object)) > 0 {
				return sample{}, fmt.Errorf("%s is an exception", w.Key)
			}
			text := ""
			if known {
				text = string(like[:])
			}
			s.likeness = append(s.likeness, text)
		}
	}
	s.bundle, err = s.draft.bundle(w, o)
	return s, err
}

// shape returns the shape that was rendered from Marked inputs.
func (s sample) shape(w *workspace.Workspace, of *outlines) (out *shape, ok bool) {
	out = &shape{
		from:         &origin{dirs: s.draft.over.uses()},
		names:        s.draft.from.texts.Names(),
		anyNamespace: w.Namespace == inputs.Mark(inputs.Namespace),
		facts:        &facts{Facts: s.bundle.facts.Facts, marked: true},
	}
	lines := bytes.SplitAfter(s.bundle.text, []byte{'\n'})
	if len(lines) != len(s.bundle.Objects)+1 {
		return nil, false
	}
	for i, u := range s.bundle.Objects {
		text, ok := newMarked(string(lines[i]))
		if !ok || marksKey(u.Object) {
			return nil, false
		}
		listed := s.bundle.listed[i]
		listed.Digest = [sha256.Size]byte{}
		out.objects = append(out.objects, shaped{of.kind(u.GetAPIVersion(), u.GetKind()), listed, text})
	}
	return out, true
}

// fits reports whether rendering only copies these values: they consist of letters, digits and signs that are written
// as they are, and nothing that Kustomize sees can be mistaken for one of the names.
func (s *shape) fits(values []string, set *folders.Set) bool {
	name, namespace := values[inputs.Name], values[inputs.Namespace]
	if name == "" || namespace == "" || len(name) > workspace.MaxServedName {
		return false
	}
	names := []string{name, headless(name), namespace}
	if namespace == name || namespace == names[1] {
		return false
	}
	if !s.anyNamespace {
		names = names[:2]
	}
	for _, n := range names {
		if set.Words.Has(n) || slices.Contains(s.names, n) {
			return false
		}
	}
	return !slices.ContainsFunc(values, func(v string) bool { return inputs.HasMark(v) || !isPlain(v) })
}

// isPlain reports whether a text is written as it is, in JSON and by function literal.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("-._/ +=@,:~", c) < 0 {
			return false
		}
	}
	return true
}

// fill returns the Bundle of a Workspace of the shape with its text, and without objects. It is false if these are in
// another order.
func (s *shape) fill(w workspace.Key, values []string) (Bundle, bool) {
	b := Bundle{Workspace: w, listed: make([]Listed, len(s.objects)), facts: s.facts, from: s.from}
	text := canonical.Buffer()
	for i := range s.objects {
		o := &s.objects[i]
		l := o.listed
		l.Name, l.Namespace = filled(l.Name, values), filled(l.Namespace, values)
		l.Source = filled(l.Source, values)
		from := len(text)
		text = o.text.append(text, values)
		l.Digest = sha256.Sum256(text[from : len(text)-1]) // without the line feed
		b.listed[i] = l
		if i > 0 && !inOrder(b.listed[i-1].Ref, l.Ref) {
			return Bundle{text: text}, false
		}
	}
	b.text, b.Digest = text, sum(text)
	return b, true
}

// inOrder reports whether cluster.ByApplyOrder sorts an object behind another one.
func inOrder(a, b cluster.Ref) bool {
	if x, y := cluster.Stage(a.Kind), cluster.Stage(b.Kind); x != y {
		return x < y
	}
	return a.Kind < b.Kind || a.Kind == b.Kind && a.Name < b.Name
}

// marksKey reports whether a value has a mark as a key, whose place among others would depend on the value.
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

// newMarked reads a text with marks. ok is false if it has others than those of Marked inputs.
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

// filled returns a text with values in the place of its marks.
func filled(text string, values []string) string {
	if !inputs.HasMark(text) {
		return text
	}
	m, _ := newMarked(text)
	if len(m.places) == 1 && m.parts[0] == "" && m.parts[1] == "" {
		return values[m.places[0]]
	}
	return string(m.append(nil, values))
}

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
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/kept"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/render/shape"
	"syncer.dev/syncer/internal/workspace"
)

// alike is the Bundle that all Workspaces of one shape have: a fleet has many, and a text is soon filled in. It is
// made of Marked inputs, and compared with what one Workspace renders.
type alike struct {
	*shape.Shape
	from   *origin
	listed []Listed         // with marks, and without digests
	kinds  []map[string]any // the outlines of the objects
	facts  *facts
}

// seen stands for a shape of which one Workspace is known: its text is worth its making once there is another one.
// unusable stands for one that has none.
var seen, unusable = &alike{}, &alike{}

// fromShape returns the Bundle of a Workspace from its shape, in any form but in full; ok is false if it has none.
func (r *Renderer) fromShape(
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
	if !s.Fits(key.Values, overlay.Headless(w.Name), set.Words) {
		return Bundle{}, false
	}
	made, ok := s.fill(w.Key, key.Values)
	defer canonical.Release(made.text)
	if !ok {
		return Bundle{}, false
	}
	if b = made.Bundle; in == asDigest {
		return Bundle{Workspace: b.Workspace, Digest: b.Digest, from: b.from}, true
	}
	b.Objects = kept.Outlines(len(s.kinds), func(i int) map[string]any { return s.kinds[i] })
	b.content = r.cache.kept.Keep(made.text)
	return b, true
}

// newShape makes the shape of a Workspace. It is unusable if the objects of the Workspace are not those of the shape
// with its values, and if the policy for pods finds something in them, or could look at a value.
func (r *Renderer) newShape(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options, values []string,
) (s *alike) {
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
	if s, err = of.shape(w.Key, &r.cache.kept); err != nil {
		return unusable
	}
	b, ok := s.fill(w.Key, values)
	if !ok || s.from.files != one.files || !bytes.Equal(b.text, one.bundle.text) || b.Digest != one.bundle.Digest ||
		!slices.Equal(b.listed, one.bundle.listed) || b.Facts(w.Key) != one.bundle.Facts(w.Key) {
		return unusable
	}
	return s
}

// sample is what one Workspace of a shape renders.
type sample struct {
	draft    draft
	bundle   written
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
	if s.files, err = r.deps.Digest(s.draft.over.Uses()); err != nil {
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

// shape returns what Workspaces have in common with one that was rendered from Marked inputs.
func (s sample) shape(w workspace.Key, k *kept.Keeper) (*alike, error) {
	b := s.bundle
	lines := strings.Split(string(b.text), "\n") // ends in an empty one
	if len(lines) != len(b.Objects)+1 {
		return nil, fmt.Errorf("%s has no shape", w)
	}
	out := &alike{
		from:  &origin{dirs: s.draft.over.Uses(), files: s.files},
		facts: &facts{Facts: b.facts.Facts, marked: true},
	}
	objects := make([]shape.Object, len(b.Objects))
	for i, u := range b.Objects {
		l := b.listed[i]
		objects[i] = shape.Object{Ref: l.Ref, Source: l.Source, Content: u.Object, Text: lines[i]}
		l.Digest = [sha256.Size]byte{}
		out.listed = append(out.listed, l)
		out.kinds = append(out.kinds, k.Kind(u.GetAPIVersion(), u.GetKind()))
	}
	var err error
	out.Shape, err = shape.New(objects, s.draft.from.texts.Names())
	return out, err
}

// fill returns the Bundle of a Workspace of the shape with its text, and without objects. It is false if these are in
// another order.
func (s *alike) fill(w workspace.Key, values []string) (written, bool) {
	b := Bundle{Workspace: w, listed: slices.Clone(s.listed), facts: s.facts, from: s.from}
	text, ok := s.Fill(canonical.Buffer(), values, func(i int, ref cluster.Ref, source string, line []byte) {
		b.listed[i].Ref, b.listed[i].Source, b.listed[i].Digest = ref, source, sha256.Sum256(line)
	})
	if ok {
		b.Digest = sum(text)
	}
	return written{b, text}, ok
}

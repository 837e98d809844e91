// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/packed"
	"syncer.dev/syncer/internal/workspace"
)

// Packer renders as its Renderer does, and returns outlines that keep their content in little memory: Bundle.Whole has
// it. The loop looks at the content of the objects that it writes or compares, and holds all others for weeks; packed,
// the objects of a Workspace take 1 KiB, where their maps take 16.
//
// As with an Outliner, two objects of one address are equal in full. Without a Cache it returns objects in full.
type Packer struct{ *Renderer }

// Render returns the outlines of the objects that Renderer.Render returns for these arguments, and the same errors.
func (l Packer) Render(
	ctx context.Context, w *workspace.Workspace, p preset.Preset, at Placement, o Options,
) (b Bundle, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, err = Bundle{}, fmt.Errorf("render %s: panicked: %v", w.Key, p)
		}
	}()
	if b, err = l.cached(ctx, w, p, at, o, isPacked); err != nil {
		return Bundle{}, fmt.Errorf("render %s: %w", w.Key, err)
	}
	return b, nil
}

// outlines makes outlines. The zero value is ready, and safe for concurrent use.
type outlines struct {
	kinds  packed.Few[map[string]any]
	models packed.Few[*packed.Model] // by the kinds of the objects of a bundle
}

// of returns a bundle with the outlines of its objects. All of one kind share the map that says so.
func (s *outlines) of(b Bundle) Bundle {
	out := b
	out.Objects, out.text = make([]*unstructured.Unstructured, len(b.Objects)), nil
	all := make([]unstructured.Unstructured, len(b.Objects)) // their addresses tell them apart
	for i, u := range b.Objects {
		version, kind := u.GetAPIVersion(), u.GetKind()
		all[i].Object = s.kinds.Get(version+" "+kind, func() map[string]any {
			return map[string]any{"apiVersion": version, "kind": kind}
		})
		out.Objects[i] = &all[i]
	}
	return out
}

// packed is of with the content of the objects, which is much like that of the first bundle with objects of these
// kinds.
func (s *outlines) packed(b Bundle) Bundle {
	kinds := make([]string, len(b.Objects))
	for i, u := range b.Objects {
		kinds[i] = u.GetKind()
	}
	model := s.models.Get(strings.Join(kinds, " "), func() *packed.Model { return packed.Like(b.text) })
	out := s.of(b)
	out.content = model.Pack(b.text)
	return out
}

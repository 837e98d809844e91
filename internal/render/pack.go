// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/kept"
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

// outlinesOf returns a bundle with the outlines of its objects.
func outlinesOf(k *kept.Keeper, b Bundle) Bundle {
	out := b
	out.Objects = kept.Outlines(len(b.Objects), func(i int) map[string]any {
		return k.Kind(b.Objects[i].GetAPIVersion(), b.Objects[i].GetKind())
	})
	return out
}

// packed is outlinesOf with the content of the objects, which is much like that of other Workspaces.
func packed(k *kept.Keeper, b written) Bundle {
	out := outlinesOf(k, b.Bundle)
	out.content = k.Keep(b.text)
	return out
}

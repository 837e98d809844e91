// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/shelf"
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
	kinds sync.Map // by version and kind: the map that says so

	mu sync.Mutex
	on *shelf.Shelf
}

// maxShelf is room for what the objects of some hundred presets have in common, in bytes. It is ours.
const maxShelf = 512 << 10

// kept is a text on a shelf. The zero value is none.
type kept struct {
	on    *shelf.Shelf
	parts string
}

func (k kept) empty() bool { return k.on == nil }

func (k kept) bytes() ([]byte, error) { return k.on.Get(k.parts) }

// another keeps a text on the same shelf.
func (k kept) another(text []byte) kept { return kept{k.on, string(k.on.Put(text))} }

// keep keeps a text: on another shelf once the last one is full. One that no text is on any more goes.
func (s *outlines) keep(text []byte) kept {
	s.mu.Lock()
	if s.on == nil || s.on.Full() {
		s.on = shelf.New(maxShelf)
	}
	on := s.on
	s.mu.Unlock()
	return kept{on: on}.another(text)
}

// of returns a bundle with the outlines of its objects. All of one kind share the map that says so.
func (s *outlines) of(b Bundle) Bundle {
	out := b
	out.Objects, out.text = outlinesOf(len(b.Objects), func(i int) map[string]any {
		return s.kind(b.Objects[i].GetAPIVersion(), b.Objects[i].GetKind())
	}), nil
	return out
}

// kind returns the outline of an object.
func (s *outlines) kind(version, kind string) map[string]any {
	of, _ := s.kinds.LoadOrStore(version+" "+kind, map[string]any{"apiVersion": version, "kind": kind})
	object, _ := of.(map[string]any)
	return object
}

// outlinesOf returns n outlines. Their addresses tell them apart.
func outlinesOf(n int, kind func(i int) map[string]any) []*unstructured.Unstructured {
	out, all := make([]*unstructured.Unstructured, n), make([]unstructured.Unstructured, n)
	for i := range all {
		all[i].Object = kind(i)
		out[i] = &all[i]
	}
	return out
}

// packed is of with the content of the objects, which is much like that of other Workspaces.
func (s *outlines) packed(b Bundle) Bundle {
	out := s.of(b)
	out.content = s.keep(b.text)
	return out
}

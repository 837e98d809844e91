// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"strings"
	"sync"

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
	mu     sync.Mutex
	kinds  map[[2]string]map[string]any
	models map[string]*packed.Model // by the kinds of the objects of a bundle
}

// maxModels bounds the number of Models, and of kinds: they follow from the presets of a repository.
const maxModels = 64

// of returns a bundle with the outlines of its objects. All of one kind share the map that says so.
func (s *outlines) of(b Bundle) Bundle {
	out := Bundle{
		Workspace: b.Workspace,
		Digest:    b.Digest,
		Warnings:  b.Warnings,
		Objects:   make([]*unstructured.Unstructured, len(b.Objects)),
		listed:    b.listed,
		facts:     b.facts,
	}
	all := make([]unstructured.Unstructured, len(b.Objects)) // their addresses tell them apart
	for i, u := range b.Objects {
		all[i].Object, out.Objects[i] = s.kind(u), &all[i]
	}
	return out
}

// packed is of with the content of the objects.
func (s *outlines) packed(b Bundle) Bundle {
	out := s.of(b)
	out.content = s.model(b).Pack(b.text)
	return out
}

// kind returns the only content of the outline of an object.
func (s *outlines) kind(u *unstructured.Unstructured) map[string]any {
	version, _ := u.Object["apiVersion"].(string)
	kind, _ := u.Object["kind"].(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.kinds[[2]string{version, kind}]
	if !known {
		if s.kinds == nil || len(s.kinds) >= maxModels {
			s.kinds = map[[2]string]map[string]any{}
		}
		one = map[string]any{"apiVersion": version, "kind": kind}
		s.kinds[[2]string{version, kind}] = one
	}
	return one
}

// model returns a text that the content of a bundle resembles: that of the first bundle with objects of these kinds.
func (s *outlines) model(b Bundle) *packed.Model {
	kinds := make([]string, len(b.Objects))
	for i, u := range b.Objects {
		kinds[i] = u.GetKind()
	}
	key := strings.Join(kinds, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.models[key]
	if !known {
		if s.models == nil || len(s.models) >= maxModels {
			s.models = map[string]*packed.Model{}
		}
		one = packed.Like(b.text)
		s.models[key] = one
	}
	return one
}

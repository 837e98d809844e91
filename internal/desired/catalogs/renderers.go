// SPDX-License-Identifier: Apache-2.0

package catalogs

import (
	"io/fs"
	"sync"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
)

// Renderers keeps the Renderer of the presets of the binary, with what it has read and checked of them. Its zero value
// has none. It is safe for concurrent use.
type Renderers struct {
	mu   sync.Mutex
	made *render.Renderer
	of   rendering
}

// rendering is what a Renderer is made from, beside the presets of the binary.
type rendering struct {
	catalog *preset.Catalog
	cache   *render.Cache
}

// Of returns a Renderer for one source, whose presets of its own are in the folder own, or "". Only those of the binary
// can always be read, so that a Renderer with others is recreated each time.
func (r *Renderers) Of(builtin fs.FS, catalog *preset.Catalog, own string, cache *render.Cache) *render.Renderer {
	made := func() *render.Renderer { return render.New(catalog, cache, render.WithBuiltIn(builtin)) }
	if own != "" {
		return made()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if from := (rendering{catalog, cache}); r.made == nil || r.of != from {
		r.made, r.of = made(), from
	}
	copied := *r.made // each source says by itself how messages name its files
	return &copied
}

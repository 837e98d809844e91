// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"io/fs"
	"sync"

	"syncer.dev/syncer/internal/desired/catalogs"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace/admission"
)

// readings is what several calls of Read have in common beside decoded files.
type readings struct {
	// read and resolved keep what the rules of admission found: without the objects of the cluster, and with them.
	read, resolved admission.Memo
	presets        catalogs.Kept

	mu       sync.Mutex
	renderer *render.Renderer // of the presets of the binary alone
	of       rendering
}

// rendering is what a Renderer is made from.
type rendering struct {
	catalog *preset.Catalog
	cache   *render.Cache
}

// rendererOf returns a Renderer. That of the presets of the binary alone, which always can be read, stays.
func (r *readings) rendererOf(builtin fs.FS, from rendering, own string) *render.Renderer {
	made := func() *render.Renderer { return render.New(from.catalog, from.cache, render.WithBuiltIn(builtin)) }
	if own != "" {
		return made()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.renderer == nil || r.of != from {
		r.renderer, r.of = made(), from
	}
	return r.renderer.Clone()
}

func newReadings() any { return &readings{} }

// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"io/fs"
	"reflect"
	"sync"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace/admission"
)

// readings is what several calls of Read have in common beside decoded files.
type readings struct {
	// read and resolved keep what the rules of admission found: without the objects of the cluster, and with them.
	read, resolved admission.Memo

	mu       sync.Mutex
	builtin  fs.FS
	catalog  *preset.Catalog
	problems []diag.Diagnostic
}

func newReadings() any { return &readings{} }

// presets returns the presets of these layers. Those of this binary alone are read once.
func (r *readings) presets(layers []preset.Layer) (*preset.Catalog, []diag.Diagnostic, error) {
	builtin := layers[0].FS
	if len(layers) > 1 || !reflect.TypeOf(builtin).Comparable() {
		return preset.LoadLayers(layers...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.catalog == nil || r.builtin != builtin {
		catalog, problems, err := preset.LoadLayers(layers...)
		if err != nil {
			return nil, nil, err
		}
		r.builtin, r.catalog, r.problems = builtin, catalog, problems
	}
	return r.catalog, r.problems, nil
}

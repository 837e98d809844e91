// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/desired/catalogs"
	"syncer.dev/syncer/internal/workspace/admission"
)

// readings is what several calls of Read have in common beside decoded files.
type readings struct {
	// read and resolved keep what the rules of admission found: without the objects of the cluster, and with them.
	read, resolved admission.Memo
	presets        catalogs.Kept
	renderers      catalogs.Renderers
}

func newReadings() any { return &readings{} }

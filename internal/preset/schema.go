// SPDX-License-Identifier: Apache-2.0

package preset

import "syncer.dev/syncer/internal/strictyaml"

// Schema returns the JSON schema of a preset.yaml, for editors.
func Schema() map[string]any {
	s := strictyaml.Schema{}
	return s.Of(file{})
}

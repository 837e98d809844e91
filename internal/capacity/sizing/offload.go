// SPDX-License-Identifier: Apache-2.0

package sizing

import "fmt"

// movesCache reports whether the hybrid cache of the model is switched off: what the connector that moves caches to the
// CPU does (preset.CPUCache). Layers with a window then keep whole sequences, as with the flag
// disable-hybrid-kv-cache-manager.
func (r *Request) movesCache() bool {
	return !r.Tuning && !r.Transformers && !r.Preset.Pooling() && r.Preset.CPUCache(r.CPUCache).Whole
}

// wholeNote says that the estimate counts whole caches.
func (r *Request) wholeNote() []string {
	if !r.movesCache() {
		return nil
	}
	return []string{fmt.Sprintf(
		"the cache of %d layers with a window of %d tokens holds whole sequences, because parts of it are moved to the CPU",
		r.Preset.Model.WindowLayers,
		r.Preset.Model.SlidingWindow,
	)}
}

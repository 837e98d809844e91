// SPDX-License-Identifier: Apache-2.0

package preset

import "syncer.dev/syncer/internal/strictyaml"

// Suggest returns the name or alias closest to a misspelled name, or "". A deprecated model is suggested where none
// that can be used is as close: its own message names the replacement.
func (c *Catalog) Suggest(name string) string {
	if len(name) > maxName {
		return ""
	}
	var usable, deprecated []string
	for _, p := range c.presets {
		names := append([]string{p.Name}, p.Aliases...)
		if p.Deprecated == "" {
			usable = append(usable, names...)
		} else {
			deprecated = append(deprecated, names...)
		}
	}
	return strictyaml.Suggest(name, append(usable, deprecated...)) // of two as close, the first
}

// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"maps"

	"syncer.dev/syncer/internal/workspace"
)

// with returns held and the Workspaces that wait for others; the reasons of held count.
func with(held, waits map[workspace.Key]string) map[workspace.Key]string {
	if len(waits) == 0 {
		return held
	}
	out := maps.Clone(waits)
	maps.Copy(out, held)
	return out
}

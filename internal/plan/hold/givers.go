// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"fmt"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

// Givers returns the Workspaces that would give up their nodes for one that is held, with the reason.
func Givers(held map[workspace.Key]string, d desired.Desired) map[workspace.Key]string {
	if len(held) == 0 {
		return nil
	}
	out := map[workspace.Key]string{}
	for i := range d.Workloads {
		if w := d.Workloads[i]; held[w.Binding.To] != "" && held[w.Key] == "" {
			out[w.Key] = fmt.Sprintf("it would give its nodes to %s, which is held back", w.Binding.To)
		}
	}
	return out
}

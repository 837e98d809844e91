// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// holdBeside holds the changes beside a refused one: a Workspace that exists is changed as a whole or not at all. The
// objects of one that does not exist yet are created as far as the API server accepts them.
func holdBeside(changes []*Change, live []*cluster.Object) {
	refused := map[workspace.Key]string{}
	for _, c := range changes {
		if c.Refused && refused[c.Workspace] == "" {
			refused[c.Workspace] = c.Target
		}
	}
	delete(refused, workspace.Key{}) // plain objects belong to no Workspace
	if len(refused) == 0 {
		return
	}
	exists := map[workspace.Key]bool{}
	for i := range live {
		exists[live[i].Workspace] = true
	}
	for _, c := range changes {
		if first := refused[c.Workspace]; first != "" && exists[c.Workspace] &&
			(c.Op == Create || c.Op == Update || c.Op == Replace) {
			c.Op, c.Reason, c.Held = Hold, first+" of the same Workspace is refused", true
		}
	}
}

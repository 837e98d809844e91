// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"strings"

	"syncer.dev/syncer/internal/plan"
)

// fewNames is up to how many Workspaces that do not change are named: of more, the number says enough.
const fewNames = 3

// Unchanged says which Workspaces do not change, or of many how many; "" for none. shown writes a name as the output
// needs it.
func Unchanged(p *plan.Plan, shown func(name string) string) string {
	var names []string
	n := 0
	for _, w := range p.Workspaces {
		if w.Op != plan.NoOp {
			continue
		}
		if n++; n <= fewNames {
			names = append(names, shown(w.Key.String()))
		}
	}
	text := "1 Workspace does not change"
	switch {
	case n == 0:
		return ""
	case n > 1:
		text = plan.Thousands(n) + " Workspaces do not change"
	}
	if n <= fewNames {
		text += ": " + strings.Join(names, ", ")
	}
	return text + "."
}

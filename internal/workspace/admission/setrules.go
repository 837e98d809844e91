// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/cron"
)

// checkSet applies the rules of an InferenceSet itself; its template passes those of Workspaces.
func checkSet(s *workspace.InferenceSet, c *check) {
	c.setAnnotations(s.Annotations)
	if s.NodeCountLimit != nil {
		c.warn(
			diag.IgnoredField,
			"spec.nodeCountLimit",
			"is ignored, because syncer has no autoscaler",
			"limit nodes and cost with capacity.limits in the configuration",
		)
	}
	if s.UpdateStrategy != nil {
		c.warn(
			diag.ReplicasUpdatedAtOnce,
			"spec.updateStrategy",
			"is ignored: rollout.maxInterrupted of the configuration says how many replicas restart at once",
			"remove it, or try a change first in a copy of the set under another name",
		)
	}
	a := s.AutoUpgrade
	if a == nil {
		return
	}
	const field = "spec.autoUpgrade"
	if a.Strategy != "" && a.Strategy != "InPlace" && a.Strategy != "Surge" {
		message := fmt.Sprintf("%q is not a valid strategy", a.Strategy)
		c.fail(diag.InvalidValue, field+".strategy", message, "use InPlace or Surge")
	}
	if a.Enabled {
		c.warn(
			diag.IgnoredField,
			field+".enabled",
			"is ignored, because the release of syncer determines the image",
			"upgrade syncer to upgrade the image",
		)
	}
	if w := a.Window; w != nil {
		switch {
		case strings.TrimSpace(w.Schedule) == "":
			c.fail(
				diag.RequiredField,
				field+".maintenanceWindow.schedule",
				"is required",
				`write a cron expression in UTC, such as "0 2 * * 6"`,
			)
		case !cron.Valid(w.Schedule):
			c.fail(
				diag.InvalidValue,
				field+".maintenanceWindow.schedule",
				fmt.Sprintf("%q is not a cron expression", w.Schedule),
				`write five fields: minute, hour, day, month, weekday, such as "0 2 * * 6"`,
			)
		}
		if w.Duration < 0 || w.Duration == 0 && c.given(field+".maintenanceWindow.duration") {
			c.fail(diag.OutOfRange, field+".maintenanceWindow.duration", "must be positive", "write it as 4h")
		}
	}
}

package workspace

import (
	"fmt"
	"strings"
)

// check applies the rules that an InferenceSet has besides those of the Workspaces it makes.
func (s *InferenceSet) check(c *check) {
	if s.NodeCountLimit != nil {
		c.warn("spec.nodeCountLimit", "is for an autoscaler, which syncer does not have", "capacity.limits in the configuration bounds nodes and cost")
	}
	if s.UpdateStrategy != nil {
		c.warn("spec.updateStrategy", "is not followed: a change of the template reaches all replicas at once", "change a copy of the set first, under another name")
	}
	a := s.AutoUpgrade
	if a == nil {
		return
	}
	const field = "spec.autoUpgrade"
	if a.Strategy != "" && a.Strategy != "InPlace" && a.Strategy != "Surge" {
		c.fail(field+".strategy", fmt.Sprintf("%q is not a strategy", a.Strategy), "use InPlace or Surge")
	}
	if a.Enabled {
		c.warn(field+".enabled", "nothing is upgraded by itself: which image runs follows from the release of syncer", "")
	}
	if w := a.Window; w != nil {
		switch {
		case strings.TrimSpace(w.Schedule) == "":
			c.fail(field+".maintenanceWindow.schedule", "not given", `write it as cron does, in UTC, such as "0 2 * * 6"`)
		case !cron(w.Schedule):
			c.fail(field+".maintenanceWindow.schedule", fmt.Sprintf("%q is not a cron expression", w.Schedule), `five fields: minute, hour, day, month, weekday, such as "0 2 * * 6"`)
		}
		if w.Duration < 0 || w.Duration == 0 && c.given(field+".maintenanceWindow.duration") {
			c.fail(field+".maintenanceWindow.duration", "must be positive", "write it as 4h")
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package follows

import (
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/status"
)

// Complete are the last times at which the nodes of pools were complete, by the reports: now if they still are,
// and otherwise the time of the transition.
type Complete struct {
	still map[string]bool      // they still are
	until map[string]time.Time // they were
}

// At returns the last time at which the nodes of each pool were complete.
func (c Complete) At(now time.Time) map[string]time.Time {
	out := make(map[string]time.Time, len(c.still)+len(c.until))
	for name, at := range c.until {
		out[name] = at
	}
	for name := range c.still {
		out[name] = now
	}
	return out
}

// CompleteIn reads reports.
func CompleteIn(reports []*status.Report) Complete {
	out := Complete{map[string]bool{}, map[string]time.Time{}}
	for _, r := range reports {
		for _, c := range r.Conditions {
			if c.Type != status.ResourceReady {
				continue
			}
			for _, pool := range r.Pools {
				// A moving Workspace is ready on its old pool, and its report does not cover the new one.
				on := func(node string) bool { return strings.Contains(node, "-"+pool.Name+"-") }
				switch {
				case c.Status != "True":
					if c.LastTransitionTime.After(out.until[pool.Name]) {
						out.until[pool.Name] = c.LastTransitionTime
					}
				case slices.ContainsFunc(r.WorkerNodes, on):
					out.still[pool.Name] = true
				}
			}
		}
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Bounds on what is recalled. They are ours; syncer records far less.
const (
	maxEntries  = 1000
	maxFailures = 1000
	maxVCPUs    = 10_000
)

// longest is the most that an entry blocks.
const longest = maxBlock + maxBlock/10 // jitterPart

// Recalled returns entries that were read from a place that others may write to. Those that Record could not have made
// are left out, and none blocks for longer than one that is recorded at now.
func Recalled(entries []Entry, now time.Time) Offerings {
	now = now.UTC().Truncate(time.Second)
	var out []Entry
	for _, e := range entries {
		if !e.possible() || len(out) == maxEntries {
			continue
		}
		if e.Since.After(now) {
			e.Since = now
		}
		if end := e.Since.Add(longest); e.Until.After(end) {
			e.Until = end
		}
		e.Failures, e.VCPUs = min(e.Failures, maxFailures), min(e.VCPUs, maxVCPUs)
		out = append(out, e)
	}
	return New(out)
}

// possible reports whether an entry has the form of those that Record makes.
func (b Entry) possible() bool {
	return slices.Contains([]capacity.Priority{"", capacity.OnDemand, capacity.Spot}, b.Priority) &&
		(b.Constraint == "" || slices.Contains(constraints, b.Constraint)) &&
		b.Failures >= 1 && b.VCPUs >= 0 && !b.Since.IsZero() && b.Since.Before(b.Until)
}

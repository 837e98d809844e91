// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// Standing decides who goes first where nodes, quota or a limit do not suffice for all Workspaces. Names have no part
// in it: another name gives no advantage.
type Standing struct {
	Priority  workspace.Priority // after the cap of its namespace
	Runs      bool               // it has nodes
	FirstSeen time.Time          // by the status branch; zero if it is new
	DemandGiB int                // memory of all GPUs of the smallest option; see Demand.GiB
	Digest    string             // of its content
}

// Compare returns a negative number if a goes before b: the higher priority first, then who runs, then who was first
// seen earlier, then the smaller demand, then the digest of the content.
func (a Standing) Compare(b Standing) int {
	return cmp.Or(
		b.Priority.Compare(a.Priority),
		boolean(b.Runs)-boolean(a.Runs),
		a.compareSeen(b),
		cmp.Compare(a.DemandGiB, b.DemandGiB),
		strings.Compare(a.Digest, b.Digest),
	)
}

// compareSeen puts a Workspace that is new after all others.
func (a Standing) compareSeen(b Standing) int {
	switch {
	case a.FirstSeen.IsZero() || b.FirstSeen.IsZero():
		return boolean(a.FirstSeen.IsZero()) - boolean(b.FirstSeen.IsZero())
	}
	return a.FirstSeen.Compare(b.FirstSeen)
}

// Ahead returns in a few words why a goes before b.
func (a Standing) Ahead(b Standing) string {
	switch {
	case a.Priority.Compare(b.Priority) > 0:
		return fmt.Sprintf("priority %s before %s", a.Priority, b.Priority)
	case a.Runs && !b.Runs:
		return "it has its nodes already"
	case a.compareSeen(b) < 0:
		return fmt.Sprintf("first seen %s", a.FirstSeen.UTC().Format(time.RFC3339))
	case a.DemandGiB < b.DemandGiB:
		return fmt.Sprintf("it needs less: %d GiB of GPU memory, not %d", a.DemandGiB, b.DemandGiB)
	}
	return "equal in all, and the digest of its content comes first"
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// GiB returns the least GPU memory that an option takes, over all GPUs and in nominal GiB; 0 without options. It is
// the measure by which the smaller of two Demands goes first.
func (d *Demand) GiB() int {
	least := 0
	for _, options := range [][]Option{d.Shares, d.Options} {
		for i := range options {
			if gib := options[i].GPUs * options[i].SKU.GPUMemoryGiB; least == 0 || gib < least {
				least = gib
			}
		}
	}
	return least
}

// Ahead is a Workspace that goes before another one that waits, and why.
type Ahead struct {
	Workspace workspace.Key
	Why       string
}

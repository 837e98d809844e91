// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Record is what reviewers were shown of one Workspace on one cluster.
type Record struct {
	Cluster   string
	Workspace workspace.Key
	// Digest identifies the inputs of the Workspace itself: its manifest, patches, preset and plain objects, and what
	// syncer makes of them. It does not depend on prices, quota or other Workspaces.
	Digest string
	Shown  Shown
	// PullRequest is its address, for people. Commit is the head that was planned.
	PullRequest string
	Commit      string
	At          time.Time
}

// Shown are the values that were shown.
type Shown struct {
	InstanceType string
	Region       string
	Spot         bool
	Nodes        int
	HourlyCost   capacity.Cost
	Replaces     bool // its workload or its pool is replaced
	Interrupts   bool // it stops serving for a while
	Deletes      bool
}

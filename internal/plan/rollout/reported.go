// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"maps"
	"reflect"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Reported is what the last report on a Workspace says, from the status branch.
type Reported struct {
	// Served reports that it was ready once, and is meant to be again.
	Served bool
	// NotReadySince is since when it does not serve; zero while it does.
	NotReadySince time.Time
	// TooMany reports that its deletion waits to be allowed, because many Workspaces would go with it.
	TooMany bool
	// Commit is the last one that changed its inputs, and Inputs their digest; CarriedOut is the one that runs.
	Commit, Inputs, CarriedOut string
	// Output is the image that its tuning pushed last, for the inputs OutputOf; zero for none.
	Output   cluster.Image
	OutputOf string
}

// Same reports whether two readings of the status branch say the same; nil is one that failed. One that is read only
// once is the same at once.
func Same(a, b map[workspace.Key]Reported) bool {
	return (a == nil) == (b == nil) && (reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() || maps.Equal(a, b))
}

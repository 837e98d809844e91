// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"testing"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
)

// TestSameNames: what a Workspace renders for itself has the same names in any versions; what others share with it does
// not count.
func TestSameNames(t *testing.T) {
	listed := func(own bool, version, name string) render.Listed {
		return render.Listed{Ref: cluster.Ref{Version: version, Kind: "Service", Name: name}, Own: own}
	}
	was := []render.Listed{listed(true, "v1", "a"), listed(false, "v1", "shared")}
	for name, tt := range map[string]struct {
		now  []render.Listed
		same bool
	}{
		"the same":              {was, true},
		"another version":       {[]render.Listed{listed(true, "v2", "a"), was[1]}, true},
		"another shared object": {[]render.Listed{was[0], listed(false, "v1", "other")}, true},
		"another name":          {[]render.Listed{listed(true, "v1", "b"), was[1]}, false},
		"no longer shared":      {[]render.Listed{was[0], listed(true, "v1", "shared")}, false},
		"one more":              {append(was[:2:2], listed(true, "v1", "b")), false},
	} {
		if SameNames(was, tt.now) != tt.same {
			t.Errorf("%s: %t", name, !tt.same)
		}
	}
}

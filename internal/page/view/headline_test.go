// SPDX-License-Identifier: Apache-2.0

package view

import (
	"testing"

	"syncer.dev/syncer/internal/status"
)

// TestHeadline: a fleet is as desired only if nothing is held back.
func TestHeadline(t *testing.T) {
	for _, c := range []struct {
		all, held int
		counts    map[status.State]int
		want      string
	}{
		{0, 0, nil, "There are no Workspaces yet"},
		{1, 0, map[status.State]int{status.Ready: 1}, "The one Workspace is as desired"},
		{2, 0, map[status.State]int{status.Ready: 2}, "All 2 Workspaces are as desired"},
		{1, 1, map[status.State]int{status.Ready: 1}, "1 of 1 Workspace is held back"},
		{3, 2, map[status.State]int{status.Ready: 3}, "2 of 3 Workspaces are held back"},
		{3, 1, map[status.State]int{status.Ready: 2, status.Pending: 1}, "1 of 3 Workspaces is on the way"},
		{3, 1, map[status.State]int{status.Ready: 2, status.Failed: 1}, "1 of 3 Workspaces needs your attention"},
	} {
		if got := headline(c.all, c.held, c.counts); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

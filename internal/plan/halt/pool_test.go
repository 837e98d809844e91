// SPDX-License-Identifier: Apache-2.0

package halt

import (
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

// TestOfPool: the pools of who is halted stay, of a Workspace or of a replica, and those of others do not.
func TestOfPool(t *testing.T) {
	key := func(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }
	some := Halted{Workspaces: map[workspace.Key]string{key("a"): "an incident", key("s-0"): "an incident"}}
	for _, tt := range []struct {
		h     Halted
		owner workspace.Key
		want  bool
	}{
		{some, key("a"), true},
		{some, key("b"), false},
		{some, key("s-*"), true},
		{some, key("r-*"), false},
		{some, workspace.Key{}, false},
		{Halted{Everything: "an incident"}, workspace.Key{}, true},
		{Halted{}, key("a"), false},
	} {
		if got := tt.h.OfPool(tt.owner); got != tt.want {
			t.Errorf("pool of %v: %t, want %t", tt.owner, got, tt.want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"testing"

	"syncer.dev/syncer/internal/workspace/load"
)

// TestAgainInAnotherFolder: one Memo reads a folder of a tree and then all of it, as the check against an earlier commit
// does, which looks for Workspaces that were moved.
func TestAgainInAnotherFolder(t *testing.T) {
	tree := newCounted(map[string]string{"a/a.yaml": workspaceText("a"), "b/b.yaml": workspaceText("b")})
	memo := load.NewMemo()
	for _, tt := range []struct {
		options load.Options
		want    int
	}{
		{load.Options{Root: "a"}, 1},
		{load.Options{}, 2},
		{load.Options{Skip: []string{"b"}}, 1},
		{load.Options{Presets: "a"}, 1},
		{load.Options{Root: "b"}, 1},
		{load.Options{}, 2},
	} {
		tt.options.Memo = memo
		set, err := load.Load(tree, tt.options)
		if err != nil || len(set.Workspaces) != tt.want {
			t.Errorf("%q, without %q and %q: %d Workspaces, want %d: %v", tt.options.Root, tt.options.Skip, tt.options.Presets,
				len(set.Workspaces), tt.want, err)
		}
	}
}

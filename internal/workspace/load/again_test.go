// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestAgainInAnotherFolder: one Memo reads a folder of a tree and then all of it, as the check against an earlier
// commit does, which looks for Workspaces that were moved.
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

// TestAgainAtOnce: callers of one Memo read different commits at the same time, and each gets its own.
func TestAgainAtOnce(t *testing.T) {
	const n = 20
	memo := load.NewMemo()
	var g errgroup.Group
	for side := range 4 {
		g.Go(func() error {
			files := map[string]string{}
			for i := range n {
				files[fmt.Sprintf("w%d.yaml", i)] = workspaceText(fmt.Sprintf("w%d", i))
			}
			for round := range 30 {
				name := fmt.Sprintf("w%d", (round+side)%n)
				files[name+".yaml"] = workspaceText(name) + fmt.Sprintf("  config: c%d-%d\n", side, round)
				set, err := load.Load(newCounted(files), load.Options{Memo: memo})
				if err != nil {
					return err
				}
				alone, err := load.Load(newCounted(files), load.Options{})
				if err != nil {
					return err
				}
				for i := range alone.Workspaces {
					if got, want := set.Workspaces[i], alone.Workspaces[i]; !workspace.Same(&got, &want) {
						return fmt.Errorf("side %d, round %d: %s differs", side, round, want.Key)
					}
				}
				slices.Reverse(set.Problems) // a caller may change what is its own
				set.Problems = append(set.Problems, diag.Warningf(diag.NotRead, "x"))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/workspace/load"
)

// TestPositionsOfMany: the positions of a Workspace are those of its own file, whichever are read before it, and take
// memory once where they are the same.
func TestPositionsOfMany(t *testing.T) {
	tree := fstest.MapFS{}
	for i := range 30 {
		text := strings.Replace(served, "{name: phi}", fmt.Sprintf("{name: w%02d}", i), 1)
		switch {
		case i%10 == 7:
			text = "\n" + text
		case i%10 == 8:
			text = strings.Replace(text, "{name: w", "{ name: w", 1)
		}
		tree[fmt.Sprintf("w%02d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := load.Load(tree, load.Options{})
	if err != nil || len(set.Workspaces) != 30 || len(set.Problems) > 0 {
		t.Fatalf("%d Workspaces, problems %v, %v", len(set.Workspaces), set.Problems, err)
	}
	maps := map[uintptr]bool{}
	for _, w := range set.Workspaces {
		alone, err := load.Load(fstest.MapFS{w.Source.Path: tree[w.Source.Path]}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alone.Workspaces[0].Positions, w.Positions); diff != "" {
			t.Errorf("%s: %s", w.Source.Path, diff)
		}
		maps[reflect.ValueOf(w.Positions).Pointer()] = true
	}
	if len(maps) > 10 {
		t.Errorf("%d maps of positions", len(maps))
	}
}

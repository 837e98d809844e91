// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// BenchmarkRead loads and validates a thousand Workspaces.
func BenchmarkRead(b *testing.B) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		b.Fatal(err)
	}
	tree := fstest.MapFS{}
	for i := range 1000 {
		name := fmt.Sprintf("w%d", i)
		tree[name+".yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(served, "{name: phi}", "{name: "+name+"}", 1))}
	}
	for b.Loop() {
		set, err := load.Load(tree, load.Options{})
		if err != nil || len(set.Workspaces) != 1000 {
			b.Fatal(err)
		}
		if p := admission.Validate(set, catalog, workspace.Env{Size: sizeOf}); len(p) > 0 {
			b.Fatal(p)
		}
	}
}

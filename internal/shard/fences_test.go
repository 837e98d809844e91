// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"testing"

	"syncer.dev/syncer/internal/shard"
)

// TestNoFences: a command, which has none, may write everything, as a process without elections may.
func TestNoFences(t *testing.T) {
	for name, f := range map[string]*shard.Fences{"none": nil, "without elections": shard.NewFences(3)} {
		if err := f.MayWrite(t.Context(), "default"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if writes := f.Writes(shard.Share{}); writes != nil && writes() != nil {
			t.Errorf("%s: %v", name, writes())
		}
	}
}

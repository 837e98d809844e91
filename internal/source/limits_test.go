// SPDX-License-Identifier: Apache-2.0

package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/workspace/load"
)

// TestDefaultLimits: commands without a configuration have the limits of one that sets none.
func TestDefaultLimits(t *testing.T) {
	if diff := cmp.Diff(load.Limits{}.WithDefaults(), limitsOf(config.Default())); diff != "" {
		t.Errorf("(-load +config):\n%s", diff)
	}
}

// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"testing"

	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// TestDiskFor is the one disk that "size" shows and that the plan buys.
func TestDiskFor(t *testing.T) {
	weights := preset.Model{WeightBytes: 8 * memory.GiB}
	for name, tt := range map[string]struct {
		preset preset.Preset
		tuning bool
		want   int
	}{
		"said by the preset": {preset.Preset{Name: "m", DiskGiB: 100, Model: weights}, false, 100},
		"said for tuning": {
			preset: preset.Preset{Name: "m", DiskGiB: 100, Tuning: &preset.Tuning{DiskGiB: 60}},
			tuning: true,
			want:   60,
		},
		"weights, and what else there": {preset.Preset{Name: "m", Model: weights}, false, 8 + systemGiB},
		"a pod template":               {preset.Preset{}, false, templateGiB},
	} {
		t.Run(name, func(t *testing.T) {
			if got := DiskFor(tt.preset, tt.tuning); got != tt.want {
				t.Errorf("%d GiB, want %d", got, tt.want)
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package memory

import "testing"

// TestModules: the names of projections in the configurations of the trainer.
func TestModules(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  Modules
	}{
		{[]string{"query_key_value"}, Modules{Query: true, Key: true, Value: true}},
		{[]string{"qkv_proj", "gate_up_proj", "o_proj", "down_proj"}, AllModules},
		{[]string{"q_proj", "k_proj", "v_proj", "dense"}, AttentionModules},
		{[]string{"dense_h_to_4h", "dense_4h_to_h"}, Modules{Up: true, Down: true}},
		{[]string{"q_proj", "conv1d"}, AllModules},
		{nil, Modules{}},
	} {
		if got := ModulesOf(tt.names); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.names, got, tt.want)
		}
	}
}

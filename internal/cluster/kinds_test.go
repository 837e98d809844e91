// SPDX-License-Identifier: Apache-2.0

package cluster

import "testing"

// TestStage: a kind is applied after those that it refers to, and every stage is one of Stages.
func TestStage(t *testing.T) {
	for _, tt := range []struct{ earlier, later string }{
		{"ConfigMap", "Service"},
		{"PersistentVolumeClaim", "StatefulSet"},
		{"Service", "StatefulSet"},
		{"Service", "Job"},
	} {
		if Stage(tt.earlier) >= Stage(tt.later) {
			t.Errorf("%s is applied in stage %d, %s in stage %d", tt.earlier, Stage(tt.earlier), tt.later, Stage(tt.later))
		}
		if s := Stage(tt.later); s < 0 || s >= Stages {
			t.Errorf("%s is applied in stage %d of %d", tt.later, s, Stages)
		}
	}
}

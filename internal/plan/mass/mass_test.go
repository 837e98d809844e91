// SPDX-License-Identifier: Apache-2.0

package mass_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/plan/mass"
)

// TestTooMany: small repositories are never hindered, and each limit counts by itself.
func TestTooMany(t *testing.T) {
	both := mass.Policy{Count: 10, Percent: 50}
	for name, tt := range map[string]struct {
		d    mass.Deletion
		want bool
	}{
		"all of three":          {mass.Deletion{Policy: both, Gone: 3, All: 3}, false},
		"all of four":           {mass.Deletion{Policy: both, Gone: 4, All: 4}, true},
		"half":                  {mass.Deletion{Policy: both, Gone: 5, All: 10}, false},
		"more than half":        {mass.Deletion{Policy: both, Gone: 6, All: 10}, true},
		"ten of many":           {mass.Deletion{Policy: both, Gone: 10, All: 1000}, false},
		"eleven of many":        {mass.Deletion{Policy: both, Gone: 11, All: 1000}, true},
		"a part that waits":     {mass.Deletion{Policy: both, Gone: 4, All: 100, Waits: true}, true},
		"three that wait":       {mass.Deletion{Policy: both, Gone: 3, All: 100, Waits: true}, false},
		"off, and it waits":     {mass.Deletion{Gone: 4, All: 100, Waits: true}, false},
		"off":                   {mass.Deletion{Gone: 1000, All: 1000}, false},
		"only the count is off": {mass.Deletion{Policy: mass.Policy{Percent: 50}, Gone: 11, All: 1000}, false},
	} {
		if got := tt.d.TooMany(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
		tt.d.Allowed = tt.d.Gone
		if tt.d.Held() {
			t.Errorf("%s: held although it is allowed", name)
		}
	}
	d := mass.Deletion{Policy: both, Gone: 11, All: 1000, Allowed: 10}
	said := d.String() + d.Hint()
	if !d.Held() || !strings.Contains(said, "Syncer-Allow-Delete: 11") || !strings.Contains(said, "count is 10") {
		t.Errorf("%t, %s, %s", d.Held(), d.Hint(), d)
	}
	if got := mass.Allowed([]string{"3", "many", "-1", "7", ""}); got != 7 {
		t.Errorf("allowed: %d", got)
	}
}

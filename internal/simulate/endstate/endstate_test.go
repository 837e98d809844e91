// SPDX-License-Identifier: Apache-2.0

package endstate

import "testing"

// TestNeverReady: who is not ready any more counts as waiting, also in the totals.
func TestNeverReady(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"**0 of 1 ready, 1 not ready, 0 USD/month**", "**0 of 1 ready, 1 waiting, 0 USD/month**"},
		{"**1 of 6 ready, 1 failed, 2 not ready, 2 waiting**", "**1 of 6 ready, 1 failed, 4 waiting**"},
		{"**0 of 1 ready, 1 waiting**", "**0 of 1 ready, 1 waiting**"},
		{"state: NotReady", "state: Pending"},
	} {
		if got := neverReady(tt.text); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.text, got, tt.want)
		}
	}
}

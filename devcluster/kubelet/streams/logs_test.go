// SPDX-License-Identifier: Apache-2.0

package streams

import "testing"

func TestTail(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""}, {"a\nb\nc\n", 2, "b\nc\n"}, {"a\nb", 1, "b"}, {"a\n", 5, "a\n"}, {"a\nb\n", 0, ""},
	} {
		if got := string(tail([]byte(tt.text), tt.n)); got != tt.want {
			t.Errorf("the last %d lines of %q are %q, want %q", tt.n, tt.text, got, tt.want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package kept

import "testing"

// TestRounds: a value stays as long as rounds ask for it, and for Rounds after that.
func TestRounds(t *testing.T) {
	var v Values
	v.Begin()
	v.Put("a", 1)
	v.Put("b", 2)
	for range 3 * Rounds {
		v.Begin()
		if got, ok := Get[int](&v, "a"); !ok || got != 1 {
			t.Fatalf("a: %d, %t", got, ok)
		}
	}
	if _, ok := Get[int](&v, "b"); ok {
		t.Error("b is still there")
	}
	if _, ok := Get[string](&v, "a"); ok {
		t.Error("a is no text")
	}
}

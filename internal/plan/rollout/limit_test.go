// SPDX-License-Identifier: Apache-2.0

package rollout

import "testing"

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]struct {
		words string
		of    int // among 25 that serve
	}{
		"1":    {"rollout.maxInterrupted: 1", 1},
		"3":    {"rollout.maxInterrupted: 3", 3},
		"10%":  {"rollout.maxInterrupted: 10%", 2},
		"1%":   {"rollout.maxInterrupted: 1%", 1},
		"100%": {"rollout.maxInterrupted: 100%", 25},
	} {
		r, ok := ParseLimit(text)
		if !ok || r.Off() || r.String() != want.words || r.Of(25) != want.of {
			t.Errorf("%q: %v %v, %d of 25", text, r, ok, r.Of(25))
		}
	}
	for _, text := range []string{"0", "off"} {
		if r, ok := ParseLimit(text); !ok || !r.Off() || r.String() != "rollout.maxInterrupted: off" {
			t.Errorf("%q: %v %v", text, r, ok)
		}
	}
	for _, text := range []string{"", "-1", "01", "+1", "0%", "101%", "10 %", "ten", "1.5", "%", "1%%"} {
		if r, ok := ParseLimit(text); ok {
			t.Errorf("%q is %v", text, r)
		}
	}
}

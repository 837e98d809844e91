// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/bench"
)

func TestCheck(t *testing.T) {
	const text = "a: {most: 1, tolerance: 0.5}\nb: {least: 2, most: 4}\nleft out: {most: 1}\n"
	for _, tt := range []struct {
		name string
		rows []bench.Row
		want string
	}{
		{"within", []bench.Row{{Scenario: "a", Ratio: bench.Against(1.4)}, {Scenario: "b", Ratio: bench.Against(3)}}, ""},
		{"above", []bench.Row{{Scenario: "a", Ratio: bench.Against(1.6)}}, "a: the ratio is 1.6, at most 1"},
		{"below", []bench.Row{{Scenario: "b", Ratio: bench.Against(1)}}, "b: the ratio is 1, at least 2"},
		{"no ratio", []bench.Row{{Scenario: "a"}}, "a: it has no ratio"},
		{"nothing", []bench.Row{{Scenario: "c", Ratio: bench.Against(9)}}, "no row"},
	} {
		err := check([]byte(text), tt.rows)
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestRanges: the file that is checked with can be read.
func TestRanges(t *testing.T) {
	data, err := os.ReadFile("../../../" + ranges)
	if err != nil {
		t.Fatal(err)
	}
	row := bench.Row{Scenario: "loop over 1000: unchanged pass requests", Ratio: bench.Against(0)}
	if err := check(data, []bench.Row{row}); err != nil {
		t.Error(err)
	}
}

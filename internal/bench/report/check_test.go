// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/bench"
)

func TestCheck(t *testing.T) {
	const text = "small:\n  a: {most: 1, tolerance: 0.5}\n  b: {least: 2, most: 4}\nlarge:\n  c: {most: 1}\n"
	row := func(scenario string, ratio float64) bench.Row {
		return bench.Row{Scenario: scenario, Subject: subject, Ratio: bench.Against(ratio)}
	}
	peer := row("a", 9)
	peer.Subject = "peer"
	for _, tt := range []struct {
		name  string
		small bool
		rows  []bench.Row
		want  []string // parts of the error
	}{
		{"within", false, []bench.Row{row("a", 1.4), row("b", 3), row("c", 1), row("other", 9)}, nil},
		{"above", false, []bench.Row{row("a", 1.6), row("b", 3), row("c", 1)}, []string{"a: the ratio is 1.6, at most 1"}},
		{"below", false, []bench.Row{row("a", 1), row("b", 1), row("c", 1)}, []string{"b: the ratio is 1, at least 2"}},
		{"large", false, []bench.Row{row("a", 1), row("b", 3), row("c", 2)}, []string{"c: the ratio is 2, at most 1"}},
		{"a peer is slow", false, []bench.Row{row("a", 1), peer, row("b", 3), row("c", 1)}, nil},
		{
			"no ratio", false,
			[]bench.Row{{Scenario: "a", Subject: subject}, row("b", 3), row("c", 1)},
			[]string{"a: it has no ratio"},
		},
		{"another name", false, []bench.Row{row("a", 1), row("b", 3), row("c, better", 1)}, []string{"c: ", "not measured"}},
		{"a peer alone", false, []bench.Row{peer, row("b", 3), row("c", 1)}, []string{"a: ", "not measured"}},
		{"nothing", false, nil, []string{"a: ", "b: ", "c: "}},
		{"small", true, []bench.Row{row("a", 1), row("b", 3)}, nil},
		{"small, another name", true, []bench.Row{row("a", 1), row("c", 1)}, []string{"b: ", "not measured"}},
	} {
		err := check([]byte(text), tt.rows, tt.small)
		if (err != nil) != (tt.want != nil) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		for _, part := range tt.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q", tt.name, err, part)
			}
		}
	}
}

func TestReadRanges(t *testing.T) {
	for text, want := range map[string]string{
		"small:\n  a: {most: 1}\nlarge:\n  a: {most: 2}\n":    "twice",
		"small:\n  a: {most: 1}\n  a: {most: 2}\nlarge: {}\n": "already defined",
		"small:\n  a: {maximum: 1}\n":                         "maximum",
		"a: {most: 1}\n":                                      "field a not found",
	} {
		if _, err := readRanges([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestRanges: the file that is checked with can be read, and the documentation of the figures names each of its rows,
// those of the loop without the number of Workspaces.
func TestRanges(t *testing.T) {
	data, err := os.ReadFile("../../../" + ranges)
	if err != nil {
		t.Fatal(err)
	}
	f, err := readRanges(data)
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []map[string]bounds{f.Small, f.Large} {
		for scenario := range part {
			name := scenario
			if loop, rest, found := strings.Cut(scenario, ": "); found && strings.HasPrefix(loop, "loop over ") {
				name = rest
			}
			if !strings.Contains(string(document), name+"`") {
				t.Errorf("docs/performance.md does not name %q", scenario)
			}
		}
	}
}

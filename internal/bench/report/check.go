// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/bench"
)

// ranges is the file that says between which bounds ratios stay.
const ranges = "bench/ranges.yaml"

// subject is whose rows have bounds: those of peers say how fast the peers are.
const subject = "syncer"

// bounds are those of the ratio of one row.
type bounds struct {
	Least float64 `yaml:"least"`
	Most  float64 `yaml:"most"`
	// Tolerance is the part by which a ratio may be beyond a bound: other work on the machine is no regression.
	Tolerance float64 `yaml:"tolerance"`
}

// rangesFile has the bounds by the scenario of their row: of the small sizes, which each run measures, and of all
// others.
type rangesFile struct {
	Small map[string]bounds `yaml:"small"`
	Large map[string]bounds `yaml:"large"`
}

func readRanges(text []byte) (rangesFile, error) {
	var f rangesFile
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, fmt.Errorf("read %s: %w", ranges, err)
	}
	for scenario := range f.Small {
		if _, twice := f.Large[scenario]; twice {
			return f, fmt.Errorf("read %s: %q stands there twice", ranges, scenario)
		}
	}
	return f, nil
}

// check returns an error that names each row whose ratio is out of its bounds, and each bound whose row was not
// measured: a row with another name must not lose its bound unnoticed. After a run of the small sizes it expects their
// rows alone.
func check(text []byte, rows []bench.Row, small bool) error {
	f, err := readRanges(text)
	if err != nil {
		return err
	}
	expected := f.Small
	if !small {
		expected = maps.Clone(f.Small)
		maps.Copy(expected, f.Large)
	}
	measured := map[string]bool{}
	var out []error
	for _, r := range rows {
		b, exists := expected[r.Scenario]
		if !exists || r.Subject != subject {
			continue
		}
		measured[r.Scenario] = true
		switch {
		case r.Ratio == nil:
			out = append(out, fmt.Errorf("%s: it has no ratio", r.Scenario))
		case *r.Ratio > b.Most*(1+b.Tolerance):
			out = append(out, fmt.Errorf("%s: the ratio is %.3g, at most %g is allowed", r.Scenario, *r.Ratio, b.Most))
		case *r.Ratio < b.Least*(1-b.Tolerance):
			out = append(out, fmt.Errorf("%s: the ratio is %.3g, at least %g is expected; is it still measured?",
				r.Scenario, *r.Ratio, b.Least))
		}
	}
	for _, scenario := range slices.Sorted(maps.Keys(expected)) {
		if !measured[scenario] {
			out = append(out, fmt.Errorf("%s: %s bounds it, and it was not measured", scenario, ranges))
		}
	}
	return errors.Join(out...)
}

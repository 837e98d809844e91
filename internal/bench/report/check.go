// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/bench"
)

// ranges is the file that says between which bounds ratios stay.
const ranges = "bench/ranges.yaml"

// bounds are those of the ratio of one row.
type bounds struct {
	Least float64 `yaml:"least"`
	Most  float64 `yaml:"most"`
	// Tolerance is the part by which a ratio may be beyond a bound: other work on the machine is no regression.
	Tolerance float64 `yaml:"tolerance"`
}

// check returns an error that names each row whose ratio is out of its bounds. The bounds have the name of the
// scenario; a scenario without bounds is not checked, and bounds without a row say that nothing was measured.
func check(text []byte, rows []bench.Row) error {
	var known map[string]bounds
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&known); err != nil {
		return fmt.Errorf("read %s: %w", ranges, err)
	}
	var out []error
	checked := 0
	for _, r := range rows {
		b, exists := known[r.Scenario]
		if !exists {
			continue
		}
		checked++
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
	if checked == 0 {
		out = append(out, fmt.Errorf("no row of %s was measured", ranges))
	}
	return errors.Join(out...)
}

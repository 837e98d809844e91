// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// Row is one number that was measured.
type Row struct {
	Scenario string  `json:"scenario"` // what was done: "render cold"
	Subject  string  `json:"subject"`  // who did it: "syncer", or the peer's name
	Metric   string  `json:"metric"`   // what was measured: "throughput"
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"` // of Value: "Workspaces/s"
	// Ratio is Value relative to the limit or the peer that the scenario names; nil for a row that is itself the measure.
	Ratio *float64 `json:"ratio"`
}

// Against returns a ratio, for Row.Ratio.
func Against(ratio float64) *float64 { return &ratio }

// EnvFile names the file to which rows are added, one JSON document a line.
const EnvFile = "SYNCER_BENCH_ROWS"

// Record adds rows to the file that the environment names, and does nothing when it names none. Call it once per
// benchmark, with the numbers of its last and longest run.
func Record(tb testing.TB, rows ...Row) {
	tb.Helper()
	name := os.Getenv(EnvFile)
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		tb.Fatal(err)
	}
	enc := json.NewEncoder(f)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			tb.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
}

// EnvSmall has benchmarks measure the small sizes only, as each change is checked with.
const EnvSmall = "SYNCER_BENCH_SMALL"

// Small reports whether only the small sizes are measured.
func Small() bool { return os.Getenv(EnvSmall) != "" }

// EnvTimes is how often benchmarks of single events cause them.
const EnvTimes = "SYNCER_BENCH_TIMES"

// Times returns how often a benchmark causes an event of which it reports the slowest: the number of the environment,
// or the given one.
func Times(otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(EnvTimes)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

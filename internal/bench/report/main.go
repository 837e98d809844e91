// SPDX-License-Identifier: Apache-2.0

// Command report runs the benchmarks of the packages it is given, writes what they recorded to bench/results.json, and
// prints it as a table. With -check it fails if a ratio is out of its range in bench/ranges.yaml or was not measured,
// and with -small it measures the small sizes only. "make bench" and "make benchsmall" are its uses.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"

	"syncer.dev/syncer/internal/bench"
)

const results = "bench/results.json"

// options are the flags of the command.
type options struct {
	check, small bool
	benchmarks   string // pattern of their names
	times        string // as -benchtime has it
}

func main() {
	var o options
	flag.BoolVar(&o.check, "check", false, "fail if a ratio is out of its range in "+ranges+", or was not measured")
	flag.BoolVar(&o.small, "small", false, "measure the small sizes only")
	flag.StringVar(&o.benchmarks, "bench", ".", "pattern of the benchmarks")
	flag.StringVar(&o.times, "benchtime", "10x", "how often each runs")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options, packages []string) error {
	dir, err := os.MkdirTemp("", "syncer-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "rows")
	// One package at a time: what runs beside it would be measured too.
	cmd := exec.Command(
		"go",
		append(
			[]string{"test", "-p", "1", "-run", "^$", "-bench", o.benchmarks, "-benchtime", o.times, "-timeout", "6h"},
			packages...)...)
	cmd.Env = append(os.Environ(), bench.EnvFile+"="+file)
	if o.small {
		cmd.Env = append(cmd.Env, bench.EnvSmall+"=1")
	}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	failed := cmd.Run()
	if failed != nil { // what the others have recorded in hours still counts
		failed = fmt.Errorf("run the benchmarks: %w", failed)
	}
	rows, err := read(file)
	if err != nil {
		return errors.Join(failed, err)
	}
	if err := write(rows); err != nil || !o.check {
		return errors.Join(failed, err)
	}
	known, err := os.ReadFile(ranges)
	if err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, check(known, rows, o.small))
}

// write writes rows to the file of results, and prints them.
func write(rows []bench.Row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(results), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(results, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return table(os.Stdout, rows)
}

// read returns the recorded rows. A benchmark is run more than once until its number of iterations is found; of rows
// that say the same thing, the last counts.
func read(name string) ([]bench.Row, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("no benchmark recorded anything: %w", err)
	}
	type what struct{ scenario, subject, metric string }
	at := map[what]int{}
	var rows []bench.Row
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		var r bench.Row
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		key := what{r.Scenario, r.Subject, r.Metric}
		if i, seen := at[key]; seen {
			rows[i] = r
			continue
		}
		at[key] = len(rows)
		rows = append(rows, r)
	}
}

func table(w io.Writer, rows []bench.Row) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "SCENARIO\tSUBJECT\tMETRIC\tVALUE\tUNIT\tRATIO")
	for _, r := range rows {
		ratio := ""
		if r.Ratio != nil {
			ratio = fmt.Sprintf("%.3g", *r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.4g\t%s\t%s\n", r.Scenario, r.Subject, r.Metric, r.Value, r.Unit, ratio)
	}
	return t.Flush()
}

// SPDX-License-Identifier: Apache-2.0

// Command report runs the benchmarks of the packages it is given, writes what they recorded to bench/results.json, and
// prints it as a table. "make bench" is its use.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"

	"syncer.dev/syncer/internal/bench"
)

const results = "bench/results.json"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(packages []string) error {
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
			[]string{"test", "-p", "1", "-run", "^$", "-bench", ".", "-benchtime", "10x", "-timeout", "30m"},
			packages...)...)
	cmd.Env = append(os.Environ(), bench.EnvFile+"="+file)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run the benchmarks: %w", err)
	}
	rows, err := read(file)
	if err != nil {
		return err
	}
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

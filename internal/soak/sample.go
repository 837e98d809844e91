// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// sample is what the metrics of syncer say at one moment.
type sample struct {
	at                        time.Duration
	memory, heap              float64 // bytes: resident, and of the heap in use
	goroutines, files, passes float64
}

func (s sample) String() string {
	return fmt.Sprintf("%6s: %.1f MiB resident, %.1f MiB of heap, %.0f goroutines, %.0f open files, %.0f passes",
		s.at.Round(time.Second), s.memory/mib, s.heap/mib, s.goroutines, s.files, s.passes)
}

const mib = 1 << 20

// sample reads the metrics. A metric with labels counts as the sum over them.
func (w *world) sample(ctx context.Context) (sample, error) {
	var s sample
	fields := map[string]*float64{
		"process_resident_memory_bytes": &s.memory, "go_memstats_heap_inuse_bytes": &s.heap,
		"go_goroutines": &s.goroutines, "process_open_fds": &s.files, "syncer_passes_total": &s.passes,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.listen+"/metrics", nil)
	if err != nil {
		return s, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return s, err
	}
	for name, f := range families {
		if into := fields[name]; into != nil {
			for _, m := range f.GetMetric() { // of a counter or a gauge, the other is nil, and has the value 0
				*into += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		return s, fmt.Errorf("some are missing: %q", slices.Sorted(maps.Keys(fields)))
	}
	return s, nil
}

// fewest is how many samples a judgement needs.
const fewest = 8

// judge compares the first quarter of the samples with the last one. The bounds are ours: they let pass what differs
// between two moments of a process that does not grow.
func judge(samples []sample) error {
	if len(samples) < fewest {
		return fmt.Errorf("%d samples are too few: run it for longer", len(samples))
	}
	quarter := len(samples) / 4
	first, last := samples[:quarter], samples[len(samples)-quarter:]
	fmt.Println("first sample:", samples[0])
	fmt.Println("last sample: ", samples[len(samples)-1])
	var errs []error
	for _, m := range []struct {
		name   string
		of     func(sample) float64
		factor float64
		more   float64
	}{
		{"MiB resident", func(s sample) float64 { return s.memory / mib }, 1.2, 16},
		{"MiB of heap", func(s sample) float64 { return s.heap / mib }, 1.2, 8},
		{"goroutines", func(s sample) float64 { return s.goroutines }, 1.1, 10},
		{"open files", func(s sample) float64 { return s.files }, 1.1, 10},
	} {
		was, is := median(first, m.of), median(last, m.of)
		fmt.Printf("%-14s median of the first quarter %7.1f, of the last %7.1f\n", m.name, was, is)
		if limit := was*m.factor + m.more; is > limit {
			errs = append(errs, fmt.Errorf("%s grew from %.1f to %.1f, more than to %.1f", m.name, was, is, limit))
		}
	}
	if samples[0].passes >= samples[len(samples)-1].passes {
		errs = append(errs, errors.New("no pass while it was measured"))
	}
	return errors.Join(errs...)
}

func median(samples []sample, of func(sample) float64) float64 {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

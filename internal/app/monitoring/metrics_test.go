// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"encoding/json"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/golden"
)

// TestMetricsAreDocumented compares the metrics with docs/metrics.md.
func TestMetricsAreDocumented(t *testing.T) {
	all, err := monitoring.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "../../../docs/metrics.md", monitoring.Markdown(all))
}

// TestMetricNames writes down the metrics that a query may ask for and their labels, for the tests in promql.
func TestMetricNames(t *testing.T) {
	all, err := monitoring.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string][]string{}
	for _, m := range all {
		if m.Kind == "histogram" {
			labels[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
			labels[m.Name+"_sum"], labels[m.Name+"_count"] = m.Labels, m.Labels
		} else {
			labels[m.Name] = m.Labels
		}
	}
	text, err := json.MarshalIndent(labels, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/metrics.json", string(text)+"\n")
}

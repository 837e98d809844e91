// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
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

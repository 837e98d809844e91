// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const metrics = `# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1.0e+08
# TYPE go_memstats_heap_inuse_bytes gauge
go_memstats_heap_inuse_bytes 5e+07
# TYPE go_goroutines gauge
go_goroutines 60
# TYPE process_open_fds gauge
process_open_fds 12
# TYPE syncer_passes_total counter
syncer_passes_total{cluster="north"} 3
syncer_passes_total{cluster="south"} 4
`

// TestSample reads metrics with and without labels, and names those that are missing.
func TestSample(t *testing.T) {
	text := metrics
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	w := &world{listen: strings.TrimPrefix(server.URL, "http://")}
	s, err := w.sample(t.Context())
	if err != nil || s.passes != 7 || s.goroutines != 60 || s.memory != 1e8 {
		t.Errorf("%+v, error %v", s, err)
	}
	text = strings.ReplaceAll(metrics, "syncer_passes_total", "passes")
	if _, err := w.sample(t.Context()); err == nil || !strings.Contains(err.Error(), `"syncer_passes_total"`) {
		t.Errorf("error %v", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/redact/redacttest"
)

// TestLabels: the client accepts the value of every label, a line of the metrics page stays one, and none shows a
// secret.
func TestLabels(t *testing.T) {
	values := []string{
		"Ready",
		"a\nb",
		"\xff",
		"\x1b[31m",
		strings.Repeat("\u00e4", 100),
		`a"b\`,
		redacttest.Error{}.Error(),
	}
	for _, s := range redacttest.Secrets() {
		values = append(values, s.Form)
	}
	for _, s := range values {
		r := prometheus.NewRegistry()
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "a", Help: "b"}, []string{"state"})
		g.WithLabelValues(diag.EscapeLabel(s)).Set(1)
		r.MustRegister(g)
		w := httptest.NewRecorder()
		promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if body := w.Body.String(); w.Code != 200 || strings.Count(body, "\n") != 3 {
			t.Errorf("%q makes %d %q", s, w.Code, body)
		}
		redacttest.Look(t, "a metric", w.Body.String())
	}
}

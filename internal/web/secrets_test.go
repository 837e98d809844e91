// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syncer.dev/syncer/internal/redact/redacttest"
)

type leaking struct{}

func (leaking) Alive(time.Time) error { return errors.New("a\n" + redacttest.Error{}.Error()) }
func (leaking) Ready() map[string]State {
	return map[string]State{"git": {Failure: "a\n[+]b: ok\n" + redacttest.Text()}}
}

// TestPagesShowNoSecrets: for any error of the parts, a page has one line for each, without secrets.
func TestPagesShowNoSecrets(t *testing.T) {
	for path, lines := range map[string]int{"/healthz": 1, "/readyz": 2} {
		w := httptest.NewRecorder()
		Handler(leaking{}, prometheus.NewRegistry(), nil, nil).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		redacttest.Look(t, path, w.Body.String())
		if got := strings.Count(w.Body.String(), "\n"); got != lines {
			t.Errorf("%s has %d lines: %q", path, got, w.Body.String())
		}
	}
}

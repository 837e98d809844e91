// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type health struct {
	alive error
	ready map[string]State
}

func (h *health) Alive(time.Time) error   { return h.alive }
func (h *health) Ready() map[string]State { return h.ready }

func TestHandler(t *testing.T) {
	h := &health{ready: map[string]State{"git": {}, "azure": {}, "lease": {Says: "follower, x leads"}}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "syncer_test", Help: "x"}, func() float64 { return 42 }),
	)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, Handler(h, registry, http.HandlerFunc(
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a pass") },
		), http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "the page at "+r.URL.Path) },
		)))
	}()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if resp, err := http.Post("http://"+l.Addr().String()+"/reconcile", "", nil); err != nil || resp.StatusCode != 200 {
		t.Errorf("POST /reconcile: %v", err)
	}
	if status, _ := get("/reconcile"); status != 405 {
		t.Errorf("GET /reconcile: %d", status)
	}
	if status, body := get("/clusters/demo/"); status != 200 || body != "the page at /clusters/demo/" {
		t.Errorf("/clusters/demo/: %d %s", status, body)
	}
	says := "[+]git: ok\n[+]lease: follower, x leads\n"
	if status, body := get("/readyz"); status != 200 || !strings.Contains(body, says) {
		t.Errorf("/readyz: %d %s", status, body)
	}
	h.ready = map[string]State{"git": {Failure: "connection refused"}, "azure": {}}
	if status, body := get("/readyz"); status != 503 || !strings.Contains(body, "[-]git: connection refused") {
		t.Errorf("/readyz with a failure: %d %s", status, body)
	}
	if status, _ := get("/healthz"); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
	h.alive = errors.New("stuck")
	if status, body := get("/healthz"); status != 503 || !strings.Contains(body, "stuck") {
		t.Errorf("/healthz of a stuck loop: %d %s", status, body)
	}
	if status, body := get("/metrics"); status != 200 || !strings.Contains(body, "syncer_test 42") {
		t.Errorf("/metrics: %d %s", status, body)
	}
	resp, err := http.Post("http://"+l.Addr().String()+"/readyz", "text/plain", strings.NewReader("x"))
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v %v", resp, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

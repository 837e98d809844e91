// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"syncer.dev/syncer/internal/diag"
)

// Health answers the handlers. Implementations are safe for concurrent use.
type Health interface {
	// Alive returns an error when the loop has stood still for too long.
	Alive(now time.Time) error
	// Ready returns the state of each dependency of syncer.
	Ready() map[string]State
}

// State is that of one dependency.
type State struct {
	Failure string // "" for a usable one
	Says    string // in place of "ok"
}

// Handler serves /healthz, /readyz, /metrics, and, if they are not nil, POST /reconcile by pass and the paths of
// the page by page.
func Handler(h Health, metrics prometheus.Gatherer, pass, page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := h.Alive(time.Now()); err != nil {
			http.Error(w, diag.EscapeText(err.Error()), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := ready(h.Ready())
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	if pass != nil {
		mux.Handle("POST /reconcile", pass)
	}
	if page != nil {
		for _, pattern := range []string{
			"GET /{$}", "GET /clusters/", "GET /assets/", "GET /sign-in", "POST /sign-in", "POST /sign-out",
		} {
			mux.Handle(pattern, page)
		}
	}
	return mux
}

// ready lists every component in the manner of Kubernetes' own readyz.
func ready(components map[string]State) (status int, body string) {
	var b strings.Builder
	status = http.StatusOK
	for _, name := range slices.Sorted(maps.Keys(components)) {
		if c := components[name]; c.Failure != "" {
			status = http.StatusServiceUnavailable
			diag.Fprintf(&b, "[-]%s: %s\n", name, c.Failure)
		} else {
			diag.Fprintf(&b, "[+]%s: %s\n", name, cmp.Or(c.Says, "ok"))
		}
	}
	if status == http.StatusOK {
		b.WriteString("ready\n")
	} else {
		b.WriteString("not ready\n")
	}
	return status, b.String()
}

// shutdownGrace is the time that open requests have once serving ends.
const shutdownGrace = 2 * time.Second

// maxBody bounds the bodies of requests that need none, in bytes.
const maxBody = 1 << 10

// Serve answers requests without bodies until ctx is done.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return ServeBodies(ctx, l, h, maxBody)
}

// ServeBodies answers requests with bodies of at most so many bytes until ctx is done.
func ServeBodies(ctx context.Context, l net.Listener, h http.Handler, bytes int64) error {
	s := &http.Server{
		Handler: http.MaxBytesHandler(h, bytes), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		_ = s.Shutdown(grace) // the end of the process closes the rest
	})
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/journey"
	"syncer.dev/syncer/internal/otlp"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/version"
)

// newExporter returns what sends the traces of commits; nil if no endpoint is named, by the configuration or by the
// standard variables of OpenTelemetry. The configuration goes first.
func newExporter(t config.Tracing, env func(string) (string, bool), log *slog.Logger) (*otlp.Exporter, error) {
	get := func(name string) string {
		value, _ := env(name)
		return strings.TrimSpace(value)
	}
	address, err := collectorOf(t, get)
	if address == "" || err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "syncer"
	}
	return otlp.New(otlp.Options{
		Version: version.String(),
		Host:    host,
		Ratio:   t.Ratio,
		Collector: otlp.Collector{
			URL:     address,
			Headers: func() (http.Header, error) { return headersOf(t, env) },
			CAFile:  cmp.Or(t.CAFile, get("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"), get("OTEL_EXPORTER_OTLP_CERTIFICATE")),
		},
		Log: log,
	})
}

// tracing connects a collector, for a process that stays. A mistake in what names it is logged, and stops nothing.
func (m *member) tracing(log *slog.Logger, stays bool) {
	if !stays {
		return
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	log = log.With("cluster", m.config.Cluster)
	var err error
	if m.traces, err = newExporter(m.config.Tracing, os.LookupEnv, log); err != nil {
		log.Error("no traces are sent (configuration: tracing)", "error", err)
	}
}

// sendTraces sends beside the loop, also while another process leads. The func that it returns ends that, and waits a
// moment for what is queued.
func (m *member) sendTraces(ctx context.Context) (end func()) {
	if m.traces == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var sending sync.WaitGroup
	sending.Go(func() { m.traces.Run(ctx) })
	return func() {
		cancel()
		sending.Wait()
	}
}

// traced returns what follows the commits of one term of a leader: the next one may know nothing of what others have
// done meanwhile.
func (m *member) traced() func(reconcile.Outcome) {
	if m.traces == nil {
		return func(reconcile.Outcome) {}
	}
	s := m.config.Source
	follower := journey.New(m.config.Cluster, cmp.Or(s.Tag, s.Commit, s.Branch))
	return func(o reconcile.Outcome) { m.traces.Send(follower.Passed(o, time.Now())) }
}

// collectorOf returns the address for traces; "" for none. As the specification of OTLP has it, a variable for traces
// alone is the whole address, and any other gets the path of traces added:
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp.
func collectorOf(t config.Tracing, get func(string) string) (string, error) {
	if t.Endpoint != "" {
		return withPath(t.Endpoint)
	}
	if strings.EqualFold(get("OTEL_SDK_DISABLED"), "true") || get("OTEL_TRACES_EXPORTER") == "none" {
		return "", nil
	}
	whole, base := get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), get("OTEL_EXPORTER_OTLP_ENDPOINT")
	if whole == "" && base == "" {
		return "", nil
	}
	protocol := cmp.Or(get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), get("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	if protocol != "http/protobuf" {
		return "", fmt.Errorf("syncer sends traces by http/protobuf, not by %s (OTEL_EXPORTER_OTLP_PROTOCOL)", protocol)
	}
	if whole != "" {
		return whole, nil
	}
	return withPath(base)
}

// withPath adds the path of traces, unless the address ends in it.
func withPath(base string) (string, error) {
	const traces = "/v1/traces"
	u, err := url.Parse(base)
	if err != nil {
		return "", errors.New("the address of the collector is not a URL") // an error of url.Parse holds all of it
	}
	if !strings.HasSuffix(u.Path, traces) {
		u.Path = strings.TrimSuffix(u.Path, "/") + traces
	}
	return u.String(), nil
}

// headersOf reads the headers for the collector. They are secrets, so that no error holds one.
func headersOf(t config.Tracing, env func(string) (string, bool)) (http.Header, error) {
	switch {
	case t.HeadersFile != "":
		data, err := os.ReadFile(t.HeadersFile)
		if err != nil {
			return nil, fmt.Errorf("read the headers (configuration: tracing.headersFile): %w", err)
		}
		return headersIn(string(data), "tracing.headersFile")
	case t.HeadersEnv != "":
		text, given := env(t.HeadersEnv)
		if !given {
			return nil, fmt.Errorf("the environment variable %s is not set (configuration: tracing.headersEnv)", t.HeadersEnv)
		}
		return headersIn(text, "tracing.headersEnv")
	}
	out := http.Header{}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		text, _ := env(name)
		for pair := range strings.SplitSeq(text, ",") { // of which a value is escaped as in a URL
			key, value, ok := strings.Cut(pair, "=")
			plain, err := url.PathUnescape(strings.TrimSpace(value))
			if strings.TrimSpace(pair) == "" {
				continue
			}
			if !ok || err != nil {
				return nil, fmt.Errorf("%s is not a list of NAME=VALUE", name)
			}
			out.Set(strings.TrimSpace(key), plain)
		}
	}
	return out, nil
}

// headersIn reads one header a line. Empty lines and those that begin with # do not count.
func headersIn(text, field string) (http.Header, error) {
	out := http.Header{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("line %d of the headers is not NAME: VALUE (configuration: %s)", number, field)
		}
		out.Set(name, strings.TrimSpace(value))
	}
	return out, nil
}

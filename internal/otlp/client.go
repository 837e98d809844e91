// SPDX-License-Identifier: Apache-2.0

package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	collected "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"syncer.dev/syncer/internal/outbound"
	"syncer.dev/syncer/internal/redact"
)

// Collector is where spans go.
type Collector struct {
	URL string // of the signal, such as http://collector:4318/v1/traces
	// Headers returns the headers of a request, which may be secrets. It is called for each, so that a token can be
	// replaced without a restart; nil for none.
	Headers func() (http.Header, error)
	CAFile  string // certificate authorities of the collector, instead of those of the system; "" for those
	// Retry is the delay before the second attempt, which doubles; 0 for a default.
	Retry time.Duration
}

const (
	timeout    = 10 * time.Second // for one attempt: the default of OTLP
	attempts   = 3
	firstRetry = 5 * time.Second
	maxRetry   = 30 * time.Second // that a collector may ask for
	maxAnswer  = 64 << 10         // bytes
)

// client posts the messages of otlptrace. It returns no error: the SDK would print it past our log.
type client struct {
	Collector
	http    *http.Client
	log     *slog.Logger
	failing string // the last logged error
}

func newClient(c Collector, log *slog.Logger) (*client, error) {
	transport := outbound.Transport()
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authorities of the collector: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", c.CAFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &client{Collector: c, log: log, http: &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // headers are secrets
	}}, nil
}

// Start implements otlptrace.Client.
func (c *client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces sends one batch. The SDK calls it from one goroutine. It logs the first of several errors, and their
// end.
func (c *client) UploadTraces(ctx context.Context, spans []*collected.ResourceSpans) error {
	err := c.upload(ctx, spans)
	switch {
	case err == nil && c.failing != "":
		c.log.Info("traces are sent again")
		c.failing = ""
	case err != nil && c.failing == "":
		c.failing = err.Error()
		const text = "syncer cannot send traces, and drops them (configuration: tracing.endpoint)"
		c.log.Warn(text, "error", redact.Text(c.failing))
	}
	return nil
}

func (c *client) upload(ctx context.Context, spans []*collected.ResourceSpans) error {
	// TracesData is ExportTraceServiceRequest on the wire: opentelemetry-proto says so where it defines them. The package
	// of the latter links gRPC.
	message, err := proto.Marshal(&collected.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	_, _ = packed.Write(message) // a bytes.Buffer has no errors
	_ = packed.Close()
	delay := c.Retry
	if delay == 0 {
		delay = firstRetry
	}
	for attempt := 1; ; attempt++ {
		pause, err := c.post(ctx, body.Bytes())
		if err == nil || pause < 0 || attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(max(delay, pause)):
		}
		delay *= 2
	}
}

// post makes one attempt. With an error, pause is how long the collector asks to be left alone, and negative if another
// attempt cannot help.
func (c *client) post(ctx context.Context, body []byte) (pause time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	if c.Headers != nil {
		headers, err := c.Headers()
		if err != nil {
			return -1, err
		}
		maps.Copy(req.Header, headers)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection can be used again
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return 0, nil
	}
	err = fmt.Errorf("the collector answers HTTP status %d", resp.StatusCode)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(strings.TrimSpace(resp.Header.Get("Retry-After")))
		return min(max(time.Duration(seconds)*time.Second, 0), maxRetry), err
	}
	return -1, err
}

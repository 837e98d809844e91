// SPDX-License-Identifier: Apache-2.0

package otlp_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/journey"
	"syncer.dev/syncer/internal/otlp"
	"syncer.dev/syncer/internal/otlp/otlptest"
	"syncer.dev/syncer/internal/redact/redacttest"
)

// send runs an Exporter until it has sent the spans, and returns its log.
func send(t *testing.T, c *otlptest.Collector, change func(*otlp.Options), spans ...[]journey.Span) string {
	t.Helper()
	var log bytes.Buffer
	o := otlp.Options{Version: "v1", Host: "pod-1", Ratio: 1, Log: slog.New(slog.NewTextHandler(&log, nil))}
	o.URL, o.Retry = c.URL+"/v1/traces", time.Millisecond
	if change != nil {
		change(&o)
	}
	e, err := otlp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		e.Send(s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e.Run(ctx)
	return log.String()
}

var at = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// way is a whole way with one part.
func way() []journey.Span {
	return []journey.Span{
		{
			Trace: [16]byte{1}, ID: [8]byte{2}, Parent: [8]byte{3}, Name: "apply", Start: at, End: at.Add(time.Second),
			Attributes: []journey.Attribute{{Key: "syncer.workspace", Value: "default/phi"}, {Key: "n", Value: 3}},
			Events:     []journey.Event{{At: at, Name: "reason"}},
		},
		{Trace: [16]byte{1}, ID: [8]byte{3}, Name: "commit", Start: at, End: at.Add(time.Minute), Failed: "1 of 1 failed"},
	}
}

// TestSend: spans arrive with their own identifiers and times, below the span that they name, with what they say of the
// process.
func TestSend(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	c := otlptest.Start(t)
	log := send(t, c, func(o *otlp.Options) {
		o.Headers = func() (http.Header, error) { return http.Header{"Authorization": {"Bearer x"}}, nil }
	}, way())
	if log != "" {
		t.Errorf("the log has\n%s", log)
	}
	if len(c.Spans()) != 2 {
		t.Fatalf("%d spans", len(c.Spans()))
	}
	want := map[string]string{
		"service.name": "syncer", "service.version": "v1", "service.instance.id": "pod-1",
		"deployment.environment.name": "test",
	}
	for key, value := range want {
		if c.Resource(key) != value {
			t.Errorf("resource: %s is %q, want %q", key, c.Resource(key), value)
		}
	}
	if got := c.Header("Authorization"); got != "Bearer x" {
		t.Errorf("the header is %q", got)
	}
	part, whole := c.Spans()[0], c.Spans()[1]
	id := func(first byte, n int) string { return string(first) + strings.Repeat("\x00", n-1) }
	type span struct {
		Trace, ID, Parent, Name string
		Start, End              uint64
		Failed                  string
	}
	of := func(s *otlptest.Span) span {
		return span{
			string(s.GetTraceId()), string(s.GetSpanId()), string(s.GetParentSpanId()), s.GetName(),
			s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano(), s.GetStatus().GetMessage(),
		}
	}
	ns := uint64(at.UnixNano())
	if d := cmp.Diff(span{id(1, 16), id(2, 8), id(3, 8), "apply", ns, ns + 1e9, ""}, of(part)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(span{id(1, 16), id(3, 8), "", "commit", ns, ns + 60e9, "1 of 1 failed"}, of(whole)); d != "" {
		t.Error(d)
	}
	if a := part.GetAttributes(); len(a) != 2 || a[0].GetValue().GetStringValue() != "default/phi" ||
		a[1].GetValue().GetIntValue() != 3 || len(part.GetEvents()) != 1 {
		t.Errorf("the part has %v, %v", a, part.GetEvents())
	}
}

// TestNoSecrets: no text of a span reaches the collector with what looks like a secret.
func TestNoSecrets(t *testing.T) {
	c := otlptest.Start(t)
	text := redacttest.Text()
	send(t, c, nil, []journey.Span{{
		Trace: [16]byte{1}, ID: [8]byte{3}, Name: "commit", Start: at, End: at, Failed: text,
		Attributes: []journey.Attribute{{Key: "syncer.commit.subject", Value: text}},
		Events:     []journey.Event{{At: at, Name: "x", Attributes: []journey.Attribute{{Key: "y", Value: text}}}},
	}})
	if len(c.Spans()) != 1 {
		t.Fatalf("%d spans", len(c.Spans()))
	}
	redacttest.Look(t, "a span", c.Spans()[0].String())
}

// TestRetry: what a collector refuses for a while arrives, and what it refuses for good is logged once.
func TestRetry(t *testing.T) {
	c := otlptest.Start(t, 503, 429)
	if log := send(t, c, nil, way()); log != "" || len(c.Spans()) != 2 || c.Requests() != 3 {
		t.Errorf("%d spans by %d requests, and the log has\n%s", len(c.Spans()), c.Requests(), log)
	}
	c = otlptest.Start(t, 401)
	log := send(t, c, nil, way())
	once := strings.Count(log, "syncer cannot send traces") == 1
	if !once || !strings.Contains(log, "HTTP status 401") || c.Requests() != 1 {
		t.Errorf("%d requests, and the log has\n%s", c.Requests(), log)
	}
}

// TestNobodyThere: an Exporter whose collector is away takes spans without waiting, drops what is too much, and ends.
func TestNobodyThere(t *testing.T) {
	many := make([][]journey.Span, 300)
	for i := range many {
		many[i] = way()
	}
	log := send(t, otlptest.Start(t), func(o *otlp.Options) { o.URL = "http://127.0.0.1:1/v1/traces" }, many...)
	for _, want := range []string{"spans are dropped", "syncer cannot send traces"} {
		if strings.Count(log, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, log)
		}
	}
}

// TestRatio: without a part to trace, nothing is sent; all spans of a commit are, or none.
func TestRatio(t *testing.T) {
	c := otlptest.Start(t)
	send(t, c, func(o *otlp.Options) { o.Ratio = 0 }, way())
	if c.Requests() != 0 {
		t.Errorf("%d requests", c.Requests())
	}
	var all [][]journey.Span
	for i := range 50 {
		spans := way()
		for j := range spans {
			spans[j].Trace = journey.TraceOf("demo", string(rune('a'+i)))
		}
		all = append(all, spans)
	}
	send(t, c, func(o *otlp.Options) { o.Ratio = 0.5 }, all...)
	count := map[string]int{}
	for _, s := range c.Spans() {
		count[string(s.GetTraceId())]++
	}
	for trace, n := range count {
		if n != 2 {
			t.Errorf("trace %x has %d spans", trace, n)
		}
	}
	if len(count) < 10 || len(count) > 40 {
		t.Errorf("%d of 50 commits are traced, by a ratio of 0.5", len(count))
	}
}

// TestNew: certificate authorities that cannot be read are an error at once.
func TestNew(t *testing.T) {
	for _, file := range []string{"missing.pem", "exporter_test.go"} {
		o := otlp.Options{Log: slog.New(slog.DiscardHandler)}
		o.CAFile = file
		if _, err := otlp.New(o); err == nil {
			t.Errorf("%s: no error", file)
		}
	}
}

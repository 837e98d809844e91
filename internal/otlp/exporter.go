// SPDX-License-Identifier: Apache-2.0

package otlp

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/journey"
)

// Options are the inputs of New.
type Options struct {
	Version string // of syncer
	Host    string // that tells replicas apart
	Ratio   float64
	Collector
	Log *slog.Logger
}

// Exporter sends spans. New returns one.
type Exporter struct {
	options Options
	about   *resource.Resource
	client  *client
	queue   chan []journey.Span
	dropped bool
}

const (
	maxQueued = 100             // passes whose spans wait to be converted
	maxSpans  = 2048            // spans that wait to be sent: the default of the SDK
	flushTime = 2 * time.Second // for what waits when the process ends
)

// New returns an Exporter that sends nothing before Run. The error is about the options, or the environment.
func New(o Options) (*Exporter, error) {
	about, err := resourceOf(o)
	if err != nil {
		return nil, err
	}
	client, err := newClient(o.Collector, o.Log)
	if err != nil {
		return nil, err
	}
	return &Exporter{options: o, about: about, client: client, queue: make(chan []journey.Span, maxQueued)}, nil
}

// Send queues spans. It never waits: what is too much is dropped. Only one goroutine may call it.
func (e *Exporter) Send(spans []journey.Span) {
	if len(spans) == 0 {
		return
	}
	select {
	case e.queue <- spans:
	default:
		if !e.dropped {
			e.dropped = true
			e.options.Log.Warn("spans are dropped, because too many wait")
		}
	}
}

// Run sends what is queued, until ctx is done. It then gives what waits a moment.
func (e *Exporter) Run(ctx context.Context) {
	detached := context.WithoutCancel(ctx)
	provider := sdk.NewTracerProvider(
		sdk.WithResource(e.about),
		sdk.WithIDGenerator(given{}),
		sdk.WithSampler(sdk.TraceIDRatioBased(e.options.Ratio)), // by the trace: all processes choose the same commits
		sdk.WithBatcher(otlptrace.NewUnstarted(e.client), sdk.WithMaxQueueSize(maxSpans)),
	)
	tracer := provider.Tracer("syncer", trace.WithInstrumentationVersion(e.options.Version))
	for {
		select {
		case spans := <-e.queue:
			record(detached, tracer, spans)
			continue
		case <-ctx.Done():
		}
		break
	}
	for len(e.queue) > 0 {
		record(detached, tracer, <-e.queue)
	}
	ending, cancel := context.WithTimeout(detached, flushTime)
	defer cancel()
	_ = provider.Shutdown(ending) // the client has logged what it could not send
}

// resourceOf describes this process. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME add to it.
func resourceOf(o Options) (*resource.Resource, error) {
	r, err := resource.New(context.Background(),
		resource.WithAttributes(
			attribute.String("service.name", "syncer"),
			attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", o.Host),
		),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return r, nil
}

// ids are the identifiers of a span, in the context of its start.
type ids struct {
	trace trace.TraceID
	span  trace.SpanID
}

type idsKey struct{}

// given is an IDGenerator of the SDK that gives what the context holds.
type given struct{}

// NewIDs is for the span of a whole way.
func (given) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	is, _ := ctx.Value(idsKey{}).(ids)
	return is.trace, is.span
}

// NewSpanID is for all others.
func (given) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	is, _ := ctx.Value(idsKey{}).(ids)
	return is.span
}

// record hands spans to the SDK, which samples and queues them.
func record(ctx context.Context, tracer trace.Tracer, spans []journey.Span) {
	for _, s := range spans {
		at := context.WithValue(ctx, idsKey{}, ids{s.Trace, s.ID})
		if s.Parent != ([8]byte{}) {
			at = trace.ContextWithRemoteSpanContext(at, trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: s.Trace, SpanID: s.Parent, TraceFlags: trace.FlagsSampled, Remote: true,
			}))
		}
		_, span := tracer.Start(at, s.Name, trace.WithTimestamp(s.Start), trace.WithAttributes(attributes(s.Attributes)...))
		for _, e := range s.Events {
			span.AddEvent(e.Name, trace.WithTimestamp(e.At), trace.WithAttributes(attributes(e.Attributes)...))
		}
		if s.Failed != "" {
			span.SetStatus(codes.Error, diag.EscapeText(s.Failed))
		}
		span.End(trace.WithTimestamp(s.End))
	}
}

// attributes converts attributes. Texts go through the escape for a line, which takes secrets out.
func attributes(all []journey.Attribute) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, len(all))
	for _, a := range all {
		switch v := a.Value.(type) {
		case int:
			out = append(out, attribute.Int(a.Key, v))
		case string:
			out = append(out, attribute.String(a.Key, diag.EscapeText(v)))
		}
	}
	return out
}

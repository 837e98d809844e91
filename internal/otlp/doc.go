// SPDX-License-Identifier: Apache-2.0

// Package otlp sends the ways of commits (package journey) to a collector, by OTLP over HTTP with protobuf.
//
// The SDK of OpenTelemetry samples, queues and batches, and its package otlptrace makes the messages. What posts them
// is ours: otlptracehttp links gRPC, which OTLP over HTTP has no use for, and does not read its headers again when a
// token is replaced. A collector that is slow, or not there, costs spans and never a pass.
package otlp

// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"

	"syncer.dev/syncer/internal/diag"
)

// Tracing says where traces of commits go. Nothing is sent while Endpoint is empty, unless the standard variables
// OTEL_EXPORTER_OTLP_* of OpenTelemetry name an endpoint.
type Tracing struct {
	Endpoint    string  `yaml:"endpoint" usage:"collector that gets traces by OTLP over HTTP; none if empty"`
	HeadersFile string  `yaml:"headersFile" usage:"file with headers for the collector: one NAME: VALUE a line"`
	HeadersEnv  string  `yaml:"headersEnv" usage:"environment variable with such headers"`
	CAFile      string  `yaml:"caFile" usage:"certificate authorities of the collector, instead of those of the system"`
	Ratio       float64 `yaml:"ratio" usage:"part of the commits that are traced, from 0 to 1"`
}

// defaultTracing traces each commit, once there is an endpoint.
func defaultTracing() Tracing { return Tracing{Ratio: 1} }

// tracing checks the values below tracing. The headers are read when they are needed.
func (c *check) tracing() {
	t := c.Tracing
	if t.HeadersFile != "" && t.HeadersEnv != "" {
		c.fail(diag.ConflictingFields, "tracing.headersFile", "keep one of them", "excludes tracing.headersEnv")
	}
	if t.Ratio < 0 || t.Ratio > 1 {
		c.fail(diag.OutOfRange, "tracing.ratio", "", "must be between 0 and 1, not %g", t.Ratio)
	}
	if t.Endpoint == "" {
		return
	}
	u, err := url.Parse(t.Endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		c.fail(diag.InvalidURL, "tracing.endpoint", "write it as http://otel-collector.monitoring:4318",
			"must be an address that begins with http:// or https://")
	case u.User != nil:
		c.fail(diag.SecretInConfig, "tracing.endpoint", "put a header into a file, and name it in tracing.headersFile",
			"must not contain a user or a password")
	}
}

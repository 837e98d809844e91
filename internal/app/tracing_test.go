// SPDX-License-Identifier: Apache-2.0

package app

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
)

// variables is an environment.
func variables(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if key, value, _ := strings.Cut(p, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

// TestCollector: the configuration goes before the standard variables, and without both nothing is sent.
func TestCollector(t *testing.T) {
	for name, tt := range map[string]struct {
		endpoint string
		env      []string
		want     string
		err      string
	}{
		"off":           {"", nil, "", ""},
		"configuration": {"http://c:4318", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://d"}, "http://c:4318/v1/traces", ""},
		"whole path":    {"https://c/otlp/v1/traces", nil, "https://c/otlp/v1/traces", ""},
		"variable":      {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://d:4318/x/"}, "http://d:4318/x/v1/traces", ""},
		"of traces":     {"", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://d/in"}, "http://d/in", ""},
		"disabled":      {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://d", "OTEL_SDK_DISABLED=true"}, "", ""},
		"no exporter":   {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://d", "OTEL_TRACES_EXPORTER=none"}, "", ""},
		"gRPC": {
			"",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://d:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
			"", "not by grpc",
		},
	} {
		env := variables(tt.env...)
		get := func(name string) string {
			value, _ := env(name)
			return value
		}
		got, err := collectorOf(config.Tracing{Endpoint: tt.endpoint}, get)
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v; want %q, %q", name, got, err, tt.want, tt.err)
		}
	}
	e, err := newExporter(config.Tracing{Ratio: 1}, variables(), slog.New(slog.DiscardHandler))
	if e != nil || err != nil {
		t.Errorf("without an endpoint: %v, %v", e, err)
	}
}

// TestHeaders: headers come from a file, from a variable that is named, or from the standard ones. No error shows one.
func TestHeaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("# ours\n\nAuthorization: Bearer a:b\n X-Scope: team \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("a: b\nopensesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		from config.Tracing
		env  []string
		want http.Header
		err  string
	}{
		"none": {want: http.Header{}},
		"file": {
			from: config.Tracing{HeadersFile: file},
			want: http.Header{"Authorization": {"Bearer a:b"}, "X-Scope": {"team"}},
		},
		"variable": {
			from: config.Tracing{HeadersEnv: "H"}, env: []string{"H=api-key: x", "OTEL_EXPORTER_OTLP_HEADERS=a=b"},
			want: http.Header{"Api-Key": {"x"}},
		},
		"standard": {
			env: []string{
				"OTEL_EXPORTER_OTLP_HEADERS=api-key=x%20y, scope=a", "OTEL_EXPORTER_OTLP_TRACES_HEADERS=scope=b",
			},
			want: http.Header{"Api-Key": {"x y"}, "Scope": {"b"}},
		},
		"no file":     {from: config.Tracing{HeadersFile: file + "x"}, err: "tracing.headersFile"},
		"no variable": {from: config.Tracing{HeadersEnv: "H"}, err: "tracing.headersEnv"},
		"bad file":    {from: config.Tracing{HeadersFile: bad}, err: "line 2 of the headers"},
		"bad list":    {env: []string{"OTEL_EXPORTER_OTLP_HEADERS=opensesame"}, err: "not a list of NAME=VALUE"},
	} {
		got, err := headersOf(tt.from, variables(tt.env...))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
		if err != nil && strings.Contains(err.Error(), "opensesame") {
			t.Errorf("%s: the error shows the text: %v", name, err)
		}
	}
}

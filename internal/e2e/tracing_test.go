// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"syncer.dev/syncer/internal/journey"
	"syncer.dev/syncer/internal/otlp/otlptest"
	"syncer.dev/syncer/internal/redact/redacttest"
	"syncer.dev/syncer/internal/status"
)

// TestTrace: a collector gets one trace of a push, up to the model that is served, and nothing while it is not named.
func TestTrace(t *testing.T) {
	e := setup(t)
	c := otlptest.Start(t)
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "serve phi")
	p := e.start("run")
	e.waitState("phi", status.Ready)
	p.kill()
	if n := c.Requests(); n != 0 {
		t.Errorf("%d requests while tracing is off", n)
	}

	config, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, e.config, string(config)+"tracing: {endpoint: \""+c.URL+"\", headersEnv: SYNCER_TEST_HEADERS}\n")
	t.Setenv("SYNCER_TEST_HEADERS", "Authorization: Bearer opensesame")
	p = e.start("run")
	e.eventually("a pass over what is settled", func() string {
		if s, _ := p.get("/readyz"); s != 200 {
			return "not ready"
		}
		return ""
	})
	before := time.Now().Add(-2 * time.Second) // commits have whole seconds
	e.repo.Commit(
		map[string]string{"workspaces/other.yaml": inference("other", "phi-4-mini-instruct")},
		"serve other\n\nthe body is not in the trace",
	)
	commit := e.repo.Head("main")
	e.waitState("other", status.Ready)
	var whole *otlptest.Span
	e.eventually("the whole way", func() string {
		for _, s := range c.Spans() {
			if len(s.GetParentSpanId()) == 0 && otlptest.Attribute(s, journey.KeyCommit) == commit {
				whole = s
				return ""
			}
		}
		return "not yet"
	})
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	checkTrace(t, c, whole, commit, before)
	if got := c.Header("Authorization"); got != "Bearer opensesame" {
		t.Errorf("the header is %q", got)
	}
	log := strings.Join(p.logged(), "\n")
	redacttest.Look(t, "the log", log)
	if strings.Contains(log, "opensesame") || strings.Contains(log, "cannot send traces") {
		t.Errorf("the log has\n%s", log)
	}
}

// checkTrace checks the spans of a commit that adds Workspace other.
func checkTrace(t *testing.T, c *otlptest.Collector, whole *otlptest.Span, commit string, before time.Time) {
	t.Helper()
	trace := journey.TraceOf(clusterName, commit)
	if got := hex.EncodeToString(whole.GetTraceId()); got != hex.EncodeToString(trace[:]) {
		t.Errorf("the trace is %s, want that of the cluster and the commit, %x", got, trace)
	}
	for key, want := range map[string]string{
		journey.KeySubject: "serve other",
		journey.KeyRef:     "main",
		journey.KeyCluster: clusterName,
		journey.KeyResult:  journey.Done,
	} {
		if got := otlptest.Attribute(whole, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	start := time.Unix(0, int64(whole.GetStartTimeUnixNano()))
	if start.Before(before) || whole.GetEndTimeUnixNano() < whole.GetStartTimeUnixNano() {
		t.Errorf("the way begins at %s, before %s, or ends before that", start, before)
	}
	var names []string
	for _, s := range c.Spans() {
		if string(s.GetTraceId()) != string(whole.GetTraceId()) {
			t.Errorf("another trace has %s", s)
			continue
		}
		if s == whole {
			continue
		}
		begins, ends := s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano()
		if string(s.GetParentSpanId()) != string(whole.GetSpanId()) || begins < whole.GetStartTimeUnixNano() ||
			ends > whole.GetEndTimeUnixNano() || ends < begins {
			t.Errorf("%s is not a part of %s", s, whole)
		}
		if w := otlptest.Attribute(s, journey.KeyWorkspace); w != "" && w != "default/other" {
			t.Errorf("%s is about %s", s.GetName(), w)
		}
		names = append(names, s.GetName())
	}
	slices.Sort(names)
	want := []string{
		journey.NameApply, journey.NameFetch, journey.NameHealth, journey.NamePlan, journey.NamePool, journey.NameRecord,
	}
	if got := slices.Compact(names); !slices.Equal(got, want) {
		t.Errorf("the parts are %q, want %q", got, want)
	}
}

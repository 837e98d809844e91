// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
)

// TestWhyAContainerEnded says in which words the status tells how a container ended.
func TestWhyAContainerEnded(t *testing.T) {
	for _, tt := range []struct{ name, status, reason, message string }{
		{
			"out of KV cache",
			`
containerStatuses:
- name: model
  state: {waiting: {reason: CrashLoopBackOff, message: back-off 5m0s restarting failed container}}
  lastState:
    terminated:
      exitCode: 1
      reason: Error
      message: |
        INFO loading weights
        Traceback (most recent call last):
          File "engine.py", line 7
        ValueError: No available memory for the cache blocks.
`,
			"ContainerCrashLoopBackOff",
			`container model ended with exit code 1: Traceback (most recent call last): | File "engine.py", line 7 | ` +
				"ValueError: No available memory for the cache blocks.; it is started again",
		},
		{
			"401 from the hub, between two attempts",
			`
initContainerStatuses:
- name: model-weights-downloader
  state: {running: {}}
  lastState: {terminated: {exitCode: 1, message: "401 Client Error: Unauthorized for url: https://huggingface.co/x"}}
`,
			"ContainerCrashLoopBackOff",
			"container model-weights-downloader ended with exit code 1: 401 Client Error: Unauthorized for url: " +
				"https://huggingface.co/x; it is started again",
		},
		{
			"a push that failed",
			`
phase: Failed
initContainerStatuses: [{name: pusher, ready: true, state: {terminated: {exitCode: 0, reason: Completed}}}]
containerStatuses:
- name: model
  state: {terminated: {exitCode: 1, reason: Error, message: "could not push example.azurecr.io/a:1\n"}}
`,
			"ContainerFailed",
			"container model ended with exit code 1: could not push example.azurecr.io/a:1",
		},
		{
			"out of memory",
			`
containerStatuses:
- name: model
  state: {terminated: {exitCode: 137, reason: OOMKilled, message: "loading shard 3"}}
`,
			"ContainerOOMKilled",
			"container model ran out of memory: loading shard 3",
		},
		{
			"a signal",
			`containerStatuses: [{name: model, state: {terminated: {exitCode: 139, signal: 11, reason: Error}}}]`,
			"ContainerFailed",
			"container model was ended by signal 11",
		},
		{
			"recovered",
			`containerStatuses: [{name: model, ready: true, state: {running: {}}, lastState: {terminated: {exitCode: 1}}}]`,
			"", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var pod corev1.Pod
			if err := yaml.UnmarshalStrict([]byte(tt.status), &pod.Status); err != nil {
				t.Fatal(err)
			}
			if p := Pod(&pod); p.Reason != tt.reason || p.Message != tt.message {
				t.Errorf("got  %s: %s\nwant %s: %s", p.Reason, p.Message, tt.reason, tt.message)
			}
		})
	}
}

// TestLastWords bounds what a container says.
func TestLastWords(t *testing.T) {
	long := lastWords(strings.Repeat("\u00fc", 5000))
	if len(long) > maxLastWords+len(": ...") || strings.Contains(long, "\ufffd") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
	if got := lastWords(" \n\n"); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}

// TestFailedAt keeps when an attempt ended, so that the status tells of the last one.
func TestFailedAt(t *testing.T) {
	var pod corev1.Pod
	text := `containerStatuses: [{name: model, state: {terminated: {exitCode: 1, finishedAt: "2026-01-02T03:04:05Z"}}}]`
	if err := yaml.UnmarshalStrict([]byte(text), &pod.Status); err != nil {
		t.Fatal(err)
	}
	if at := Pod(&pod).FailedAt; !at.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("failed at %s", at)
	}
}

// TestStartOfAPod: how long it took until it was ready.
func TestStartOfAPod(t *testing.T) {
	const running = `
  - name: model
    ready: true
    state: {running: {startedAt: "2026-01-02T03:04:00Z"}}
`
	for name, tt := range map[string]struct {
		containers string
		want       cluster.Start
	}{
		"ready": {running, cluster.Start{AtLeast: 4 * time.Minute, AtMost: 9 * time.Minute}},
		"a sidecar": {
			running + `  - {name: b, state: {running: {startedAt: "2026-01-02T03:05:00Z"}}}`,
			cluster.Start{AtLeast: 5 * time.Minute, AtMost: 9 * time.Minute},
		},
		"restarted":   {running + "    restartCount: 1\n", cluster.Start{}},
		"wrong clock": {strings.ReplaceAll(running, "03:04", "03:14"), cluster.Start{}},
		"not running": {"  - {name: model, state: {terminated: {exitCode: 0}}}", cluster.Start{}},
	} {
		t.Run(name, func(t *testing.T) {
			text := `
metadata: {name: phi-0, creationTimestamp: "2026-01-02T03:00:00Z"}
status:
  conditions: [{type: Ready, status: "True", lastTransitionTime: "2026-01-02T03:09:00Z"}]
  containerStatuses:
` + strings.TrimPrefix(tt.containers, "\n")
			var pod corev1.Pod
			if err := yaml.UnmarshalStrict([]byte(text), &pod); err != nil {
				t.Fatal(err)
			}
			if got := Pod(&pod).Start; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

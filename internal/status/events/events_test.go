// SPDX-License-Identifier: Apache-2.0

package events_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/status/message"
	"syncer.dev/syncer/internal/workspace"
)

// TestOf: what status.Message writes is read back, and nothing else is taken for a transition.
func TestOf(t *testing.T) {
	phi, llama := workspace.Key{Namespace: "default", Name: "phi"}, workspace.Key{Namespace: "team", Name: "llama"}
	report := func(k workspace.Key, s status.State) *status.Report { return &status.Report{Key: k, State: s} }
	demo := message.Commit{Cluster: "demo", Source: "abc", Version: "v1"}
	first := []*status.Report{report(phi, status.Pending), report(llama, status.Pending)}
	second := []*status.Report{report(phi, status.Ready), report(llama, status.Pending)}
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	commits := []events.Commit{ // the newest first, as a log has them
		{"4", at(4), message.Of(demo, second, second[:1])},
		{"3", at(3), "Merge\n\ndefault/phi: Failed\n\nSyncer-Cluster: other\n"},
		{"2", at(2), message.Of(demo, first, second)},
		{"1", at(1), message.Of(demo, nil, first)},
		{"0", at(0), "by hand\n\ndefault/phi: Ready\n"},
	}
	want := []events.Event{
		{at(1), phi, "Pending", "abc", "1"},
		{at(1), llama, "Pending", "abc", "1"},
		{at(2), phi, "Pending -> Ready", "abc", "2"},
		{at(4), llama, "removed", "abc", "4"},
	}
	if diff := cmp.Diff(want, events.Of("demo", commits)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	progress := message.Of(demo, second, second)
	if got := events.Of("demo", []events.Commit{{"5", at(5), progress}}); len(got) != 0 {
		t.Errorf("progress without a transition gives %+v", got)
	}
}

// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status/message"
)

// Record records a state of a cluster that reports a commit of the source.
func Record(t testing.TB, c config.Config, log *slog.Logger, states ...string) {
	t.Helper()
	opened, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	recorder := statusbranch.Recorder{Branch: opened.Branch(c.Status.Branch), Config: c, Log: log}
	for _, state := range states {
		source, _, _ := strings.Cut(state, " ")
		message := message.Of(message.Commit{Cluster: c.Cluster, Source: source, Version: "v1"}, nil, nil)
		if _, err := recorder.Record(t.Context(), reconcile.Recording{
			All: func() map[string][]byte { return map[string][]byte{"x": []byte(state)} }, Message: message, When: time.Now(),
		}); err != nil {
			t.Fatal(err)
		}
	}
}

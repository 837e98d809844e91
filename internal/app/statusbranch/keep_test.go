// SPDX-License-Identifier: Apache-2.0

package statusbranch_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestKeepIsRefused: a server that takes no such push costs a warning with a cure, and no status.
func TestKeepIsRefused(t *testing.T) {
	repo := apptest.Repository(t)
	repo.Git("config", "receive.denyNonFastForwards", "true")
	c := apptest.Config(t, repo.Dir)
	c.Status.Keep = 10
	source := repo.Head(gittest.Main)
	apptest.Record(t, c, nil, source+" 0")
	for range 25 {
		repo.CommitTo(c.Status.Branch, map[string]string{"other": "x"}, "other")
	}
	var log bytes.Buffer
	apptest.Record(t, c, slog.New(slog.NewTextHandler(&log, nil)), source+" 1", source+" 2")
	if n := strings.Count(log.String(), "stays as long as it is"); n != 1 || !strings.Contains(log.String(), "rejected") {
		t.Errorf("%d warnings: %s", n, log.String())
	}
	if n := len(repo.Log(c.Status.Branch)); n != 28 {
		t.Errorf("%d status commits, want 28", n)
	}
}

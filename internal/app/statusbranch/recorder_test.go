// SPDX-License-Identifier: Apache-2.0

package statusbranch_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/reconcile"
)

// TestRecorder writes status files, reads them back, and commits nothing when nothing changed.
func TestRecorder(t *testing.T) {
	r := apptest.Repository(t)
	c := apptest.Config(t, r.Dir)
	repo, err := access.AsPerson(c, r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	recorder := statusbranch.Recorder{Branch: repo.Branch(c.Status.Branch), Config: c}
	files := map[string][]byte{"default/phi.yaml": []byte("state: ready\n")}
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	commit, err := recorder.Record(t.Context(), reconcile.Recording{
		All: func() map[string][]byte { return files }, Message: "phi is ready", When: when,
	})
	if err != nil || commit != r.Head(c.Status.Branch) {
		t.Fatalf("commit %q, %v", commit, err)
	}
	if again, err := recorder.Record(t.Context(), reconcile.Recording{
		All: func() map[string][]byte { return files }, Message: "phi is ready", When: when,
	}); again != "" || err != nil {
		t.Errorf("the same files again: commit %q, %v", again, err)
	}
	got, err := recorder.Read(t.Context())
	if diff := cmp.Diff(files, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if paths := r.Files(c.Status.Branch); !cmp.Equal(paths, []string{"README.md", "status/demo/default/phi.yaml"}) {
		t.Errorf("files on the branch: %q", paths)
	}
}

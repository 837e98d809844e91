// SPDX-License-Identifier: Apache-2.0

package commits_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestFrom: of a repository in which main and topic have commits of their own, each way to write two commits names the
// commit to compare with.
func TestFrom(t *testing.T) {
	repo := gittest.NewRepo(t)
	fork := repo.Commit(map[string]string{"a": "1"}, "fork")
	tip := repo.Commit(map[string]string{"a": "2"}, "main goes on")
	repo.Reset("topic", "main~1")
	topic := repo.CommitTo("topic", map[string]string{"b": "1"}, "topic")
	r, err := git.Open(git.Options{URL: repo.Dir, Branch: gittest.Main})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ base, head, from, to string }{
		{"main...topic", "", fork, topic},
		{"main..topic", "", tip, topic},
		{"main", "topic", fork, topic},
		{"main~1", "topic", fork, topic},
		{"main...", "topic", fork, topic},
		{"main~1...", "main", fork, tip},
	} {
		about := tt.base + " " + tt.head
		compared, err := commits.Parse(tt.base, tt.head)
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		from, err := compared.From(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		to, err := commits.At(t.Context(), r, compared.Head)
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		if string(from.Commit.Hash) != tt.from || string(to.Commit.Hash) != tt.to {
			t.Errorf("%s: from %s to %s, want %s and %s", about, from.Commit.Hash, to.Commit.Hash, tt.from, tt.to)
		}
	}
	first := repo.Git("rev-list", "--max-parents=0", "main")
	if before, err := commits.At(t.Context(), r, first+"^"); err != nil || before.Files != nil {
		t.Errorf("before the first commit: %+v, %v", before, err)
	}
	if _, err := commits.Parse("main...topic", "other"); err == nil || !strings.Contains(err.Error(), "given twice") {
		t.Errorf("two heads: %v", err)
	}
}

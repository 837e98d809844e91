// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"context"
	"maps"
	"time"

	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reviewed"
)

// Reviews are the records on the status branch, and the plans that commits of the followed branch accept. They are a
// reconcile.Reviews.
type Reviews struct {
	Down   error             // of every reading
	Files  map[string][]byte // by path relative to the folder of the cluster
	Accept map[string]bool
	Verify reviewed.Verify // nil: unsigned records count
	Sign   reviewed.Sign
}

// Records returns the records that count.
func (r *Reviews) Records(_ context.Context, now time.Time) (reviewed.Records, error) {
	if r.Down != nil {
		return reviewed.Records{}, r.Down
	}
	return reviewed.Read(clusterName, r.Files, r.Verify, now), nil
}

// Accepted returns the plans that commits accept.
func (r *Reviews) Accepted(context.Context, string) (map[string]bool, error) {
	return maps.Clone(r.Accept), r.Down
}

// maxAge is policy.review.maxAge of the records that Propose writes.
const maxAge = 7 * 24 * time.Hour

// Propose shows a pull request into the present tip: it plans the tip with other files, "" for a file that goes, as the
// Simulator is configured, and writes the records. It commits nothing.
func (s *Simulator) Propose(files map[string]string) plan.Plan {
	s.t.Helper()
	head := Git{files: maps.Clone(s.Git.files), commits: s.Git.commits + 1000, AllowEmpty: s.Git.AllowEmpty}
	for name, text := range files {
		if head.files[name] = text; text == "" {
			delete(head.files, name)
		}
	}
	e := engine.New(engine.Settings{Policy: s.Policy(), Read: s.Read}, nil)
	p, err := e.Between(s.t.Context(), s.Git.Tip(), head.Tip())
	if err != nil {
		s.t.Fatal(err)
	}
	s.record(reviews.Records(&p, reviews.Showing{PullRequest: "https://git.example.com/1", At: time.Now()}))
	return p
}

func (s *Simulator) record(records []reviewed.Record) {
	s.t.Helper()
	keeping := reviewed.Keeping{
		Cluster: clusterName, Sign: s.Reviews.Sign, Verify: s.Reviews.Verify, MaxAge: maxAge, Now: time.Now(),
	}
	files, err := keeping.Add(s.Reviews.Files, records...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Reviews.Files = files
}

// Merge commits files, "" for one that goes.
func (s *Simulator) Merge(files map[string]string) {
	for name, text := range files {
		if text == "" {
			s.Git.Remove(name)
			continue
		}
		s.Git.Push(name, text)
	}
}

var _ reconcile.Reviews = (*Reviews)(nil)

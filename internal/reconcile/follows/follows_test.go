// SPDX-License-Identifier: Apache-2.0

package follows_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile/follows"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/shared"
	"syncer.dev/syncer/internal/workspace"
)

// fromNothing is what follows from reports, made in the plainest way.
func fromNothing(reports []*status.Report) follows.Follows {
	out := follows.Follows{
		States: map[string]int{}, FirstSeen: map[workspace.Key]time.Time{},
		Reported: map[workspace.Key]rollout.Reported{},
	}
	for _, r := range reports {
		out.States[string(r.State)]++
		out.FirstSeen[r.Key], out.Reported[r.Key] = r.FirstSeen, shared.Reported(r)
	}
	return out
}

// same compares what follows from reports.
func same(a, b follows.Follows) string {
	for _, f := range []*follows.Follows{&a, &b} {
		f.Complete = follows.Complete{}
	}
	return cmp.Diff(a, b, cmp.AllowUnexported(follows.Complete{}))
}

// TestNext changes, adds and removes reports. What follows is that of nothing, and what followed before stays.
func TestNext(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		report := func(i int) *status.Report {
			return &status.Report{
				Key:            workspace.Key{Namespace: "default", Name: fmt.Sprint("m-", i)},
				State:          []status.State{status.Ready, status.Failed, status.Pending}[rng.IntN(3)],
				FirstSeen:      time.Unix(int64(rng.IntN(2)), 0),
				ObservedCommit: fmt.Sprint("c", rng.IntN(2)),
			}
		}
		var reports []*status.Report
		now := fromNothing(nil)
		for range 30 {
			next := slices.Clone(reports)
			i := rng.IntN(5)
			at, exists := status.Find(next, report(i).Key)
			switch {
			case !exists:
				next = slices.Insert(next, at, report(i))
			case rng.IntN(3) == 0:
				next = slices.Delete(next, at, at+1)
			default:
				next[at] = report(i)
			}
			before := fromNothing(reports)
			after := now.Next(reports, next)
			if d := same(now, before); d != "" {
				t.Fatalf("seed %d: what followed before has changed:\n%s", seed, d)
			}
			if d := same(after, fromNothing(next)); d != "" {
				t.Fatalf("seed %d:\n%s", seed, d)
			}
			now, reports = after, next
		}
	}
}

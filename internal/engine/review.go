// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// Reviews are what reviewers were shown, and what was carried out and accepted since.
type Reviews struct {
	Records reviewed.Records
	// CarriedOut is what syncer has carried out. A nil Lookup finds nothing.
	CarriedOut reviewed.Lookup
	// Accepted returns the plans that commits of the followed branch accept, by their digests. It is called only if a
	// plan is not reviewed. It may be nil.
	Accepted func(context.Context) (map[string]bool, error)
}

// reviewed compares a plan with what was reviewed, and makes it again without what must not be carried out. What is
// held goes last when nodes are given out, so that it takes none from others; those may then find a place, which is
// compared as well. Each round holds one more Workspace at least, so that the rounds end.
func (e *Engine) reviewed(
	ctx context.Context, rev Revision, in desired.Input, seen Observed, out Result,
) (Result, error) {
	policy := e.settings.Review
	if seen.Reviews.CarriedOut == nil {
		seen.Reviews.CarriedOut = func(int, workspace.Key) reviewed.CarriedOut { return reviewed.CarriedOut{} }
	}
	var accepted map[string]bool
	var failed error
	asked := seen.Reviews.Accepted == nil
	input := reviews.Input{
		Policy:     policy,
		Records:    seen.Reviews.Records,
		CarriedOut: seen.Reviews.CarriedOut,
		Now:        seen.Now,
		Accepts: func(digest string) bool {
			if !asked {
				asked = true
				accepted, failed = seen.Reviews.Accepted(ctx)
			}
			return accepted[digest]
		},
	}
	held := map[workspace.Key]string{}
	var all []reviews.Judged
	for {
		e.withDigests(ctx, in, &out, seen.Reviews.CarriedOut)
		judged := slices.DeleteFunc(reviews.Judge(&out.Plan, input), func(j reviews.Judged) bool {
			return held[j.Workspace] != "" || out.Plan.Guard.Halted.Workspaces[j.Workspace] != ""
		})
		more := reviews.Held(judged, policy)
		if len(more) == 0 {
			out.Judged = append(all, judged...)
			break
		}
		for _, j := range judged {
			if more[j.Workspace] != "" {
				all = append(all, j)
			}
		}
		maps.Copy(held, more)
		var err error
		if out, err = e.plan(ctx, rev, in, seen, held); err != nil {
			return Result{}, err
		}
	}
	slices.SortFunc(out.Judged, func(a, b reviews.Judged) int { return a.Workspace.Compare(b.Workspace) })
	p := &out.Plan
	p.Findings = append(p.Findings, reviews.Findings(out.Judged, policy)...)
	slices.SortStableFunc(p.Findings, func(a, b plan.Finding) int { return rank(a) - rank(b) })
	for _, text := range seen.Reviews.Records.Ignored {
		p.Warnings = append(p.Warnings, "a review does not count: "+text)
	}
	if failed != nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("which plans commits accept is unknown: %v", failed))
	}
	return out, nil
}

// withDigests sets the digests of a plan against a cluster: for a Workspace that goes, or is blocked, that of what is
// carried out. One of which nothing changes may wait: see identifyAtOnce.
func (e *Engine) withDigests(ctx context.Context, in desired.Input, out *Result, carried reviewed.Lookup) {
	rows, workloads := out.Plan.Workspaces, out.Desired.Workloads
	of := rowsOf(rows, workloads)
	calm := func(i int) bool {
		if of[i] < 0 {
			return false
		}
		row := rows[of[i]]
		if row.Op != plan.NoOp || len(row.Uses) > 0 {
			return false
		}
		c := carried(of[i], row.Key) // one that gets other nodes is judged by what its inputs are now
		return c.Covers(c.Digest, row.Place)
	}
	known, waiting := e.identifyAll(ctx, in, workloads, calm)
	out.Identified, out.Unidentified = true, waiting
	at := 0
	for i, w := range workloads {
		for ; at < len(rows) && at < of[i]; at++ { // they go
			rows[at].Digest = carried(at, rows[at].Key).Digest
		}
		if of[i] < 0 {
			continue
		}
		switch at = of[i] + 1; known[i] {
		case "": // it is blocked, or waits
			rows[of[i]].Digest = carried(of[i], w.Key).Digest
		case unidentifiable:
			rows[of[i]].Digest = ""
		default:
			rows[of[i]].Digest = known[i]
		}
	}
	for ; at < len(rows); at++ {
		rows[at].Digest = carried(at, rows[at].Key).Digest
	}
}

// rowsOf returns the place of the row of each Workload, or -1. Both are in the order of their keys.
func rowsOf(rows []*plan.Workspace, workloads []*desired.Workload) []int {
	out := make([]int, len(workloads))
	at := 0
	for i, w := range workloads {
		for at < len(rows) && rows[at].Key != w.Key && rows[at].Key.Compare(w.Key) < 0 {
			at++
		}
		if out[i] = -1; at < len(rows) && rows[at].Key == w.Key {
			out[i] = at
		}
	}
	return out
}

// rank puts findings that block first.
func rank(f plan.Finding) int {
	if f.Verdict == diag.Fail {
		return 0
	}
	return 1
}

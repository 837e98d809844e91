// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

// Reviews are what reviewers were shown, and what was carried out and accepted since.
type Reviews struct {
	Records reviewed.Records
	// CarriedOut is what syncer has carried out, by Workspace.
	CarriedOut map[workspace.Key]reviewed.CarriedOut
	// Accepted returns the plans that commits of the followed branch accept, by their digests. It is called only if a plan
	// is not reviewed. It may be nil.
	Accepted func(context.Context) (map[string]bool, error)
}

// judge compares the plan with what was reviewed, and makes it again without what must not be carried out. It reads
// what commits accept at most once.
func (e *Engine) judge(
	ctx context.Context, in plan.LiveInput, p plan.Plan, seen Observed,
) (plan.Plan, []reviews.Judged) {
	policy := e.settings.Review
	var accepted map[string]bool
	var failed error
	asked := seen.Reviews.Accepted == nil
	judged := reviews.Judge(&p, reviews.Input{
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
	})
	findings := reviews.Findings(judged, policy)
	if held := reviews.Held(judged, policy); len(held) > 0 {
		digests := map[workspace.Key]string{}
		for i := range p.Workspaces {
			digests[p.Workspaces[i].Key] = p.Workspaces[i].Digest
		}
		in.Held = held
		p = plan.AgainstLive(in)
		for i := range p.Workspaces {
			p.Workspaces[i].Digest = digests[p.Workspaces[i].Key]
		}
	}
	p.Findings = append(p.Findings, findings...)
	slices.SortStableFunc(p.Findings, func(a, b plan.Finding) int { return rank(a) - rank(b) })
	for _, text := range seen.Reviews.Records.Ignored {
		p.Warnings = append(p.Warnings, "a review does not count: "+text)
	}
	if failed != nil {
		p.Warnings = append(p.Warnings, fmt.Sprintf("which plans commits accept is unknown: %v", failed))
	}
	return p, judged
}

// rank puts findings that block first.
func rank(f plan.Finding) int {
	if f.Verdict == diag.Fail {
		return 0
	}
	return 1
}

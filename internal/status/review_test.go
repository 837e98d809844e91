// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/workspace"
)

func reviewCondition(r Report, kind string) string {
	for _, c := range r.Conditions {
		if c.Type == kind {
			return c.Status + "/" + c.Reason + ": " + c.Message
		}
	}
	return ""
}

// TestReviewConditions: Reviewed is about what is carried out, Applied about what is held; both survive a restart.
func TestReviewConditions(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	digest := strings.Repeat("d", 64)
	done := reviewed.CarriedOut{Digest: digest, InstanceType: "A", Region: "eastus", Spot: true, Nodes: 2}
	in := served()
	in.CarriedOut = done
	in.Review = &Review{Reason: diag.WorseThanReviewed, Message: "it is worse: 25% more"}
	r := Observe(nil, in, now)
	const want = "False/WorseThanReviewed: it is worse: 25% more; it is carried out, because policy.review.verdict is warn"
	if got := reviewCondition(r, Reviewed); got != want || r.CarriedOut != done || r.State != Ready {
		t.Errorf("%s: %q, carried out %+v", r.State, got, r.CarriedOut)
	}
	back, err := Parse(r.YAML())
	if err != nil || back.CarriedOut != done || reviewCondition(back, Reviewed) != want {
		t.Errorf("read back as %+v, %v", back, err)
	}
	in.Review = nil
	if r = Observe(&back, in, now); reviewCondition(r, Reviewed) != want {
		t.Errorf("the result is gone with the next pass: %q", reviewCondition(r, Reviewed))
	}
	held := in
	held.Inputs, held.Commit, held.Held = "other", "c0ffee", `never; accept it with "Syncer-Accept-Plan: `+digest+`"`
	held.CarriedOut.Digest = strings.Repeat("e", 64)
	held.Review = &Review{Reason: diag.NotReviewed, Message: "never"}
	h := Observe(&r, held, now)
	applied := reviewCondition(h, Applied)
	if !strings.HasPrefix(applied, "False/NotReviewed: commit c0ffee is not carried out: never; accept") ||
		!strings.Contains(applied, digest) || h.CarriedOut != done || h.State != Ready {
		t.Errorf("%s: %q, carried out %+v", h.State, applied, h.CarriedOut)
	}
	if !h.Failing() || r.Failing() {
		t.Error("what waits for a review does not ask for a person, or what is carried out does")
	}
	if reviewCondition(h, Reviewed) != want {
		t.Errorf("what runs lost its result: %q", reviewCondition(h, Reviewed))
	}
	held.Review = nil
	if got := reviewCondition(Observe(&r, held, now), Applied); !strings.HasPrefix(got, "False/ApplyHeld: ") {
		t.Errorf("what waits for another one: %q", got)
	}
	gone := Input{Key: in.Key, Commit: "c0ffee", Source: "phi.yaml", Workload: in.Workload}
	gone.Held = "its deletion was never reviewed"
	if g := Observe(&r, gone, now); g.State != Ready || g.CarriedOut != done ||
		!strings.Contains(reviewCondition(g, Applied), "its deletion is held back: its deletion was never reviewed") {
		t.Errorf("%+v", g)
	}
	next := in
	next.CarriedOut.Digest = strings.Repeat("e", 64)
	if got := reviewCondition(Observe(&r, next, now), Reviewed); got != "" {
		t.Errorf("the result of an earlier change stays: %q", got)
	}
}

// TestHostileCarriedOut: all that the branch says is within bounds.
func TestHostileCarriedOut(t *testing.T) {
	text := string(Report{Key: workspace.Key{Namespace: "default", Name: "phi"}, CarriedOut: reviewed.CarriedOut{
		Digest: strings.Repeat("x", 10_000) + "\x1b[31m", Nodes: 1 << 30,
	}}.YAML())
	r, err := Parse([]byte(text))
	c := r.CarriedOut
	if err != nil || len(c.Digest) > maxWord || c.Nodes > maxNumber || strings.Contains(text, "\x1b") {
		t.Errorf("%+v, %v", r.CarriedOut, err)
	}
}

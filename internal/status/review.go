// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reviewed"
)

// maxReviews bounds the Workspaces that the message of a commit with reviews lists.
const maxReviews = 100

// ReviewMessage returns the message of a commit that writes reviews.
func ReviewMessage(cluster, version string, records []reviewed.Record) string {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b reviewed.Record) int {
		return cmp.Or(a.Workspace.Compare(b.Workspace), strings.Compare(a.Digest, b.Digest))
	})
	subject := fmt.Sprintf("review(%s): ", line(cluster))
	var body strings.Builder
	for i, r := range sorted {
		if i == maxReviews {
			fmt.Fprintf(&body, "and %d more\n", len(sorted)-i)
			break
		}
		fmt.Fprintf(&body, "%s: %s\n", line(r.Workspace.String()), line(r.Digest))
		word := line(r.Workspace.Name)
		if i > 0 {
			word = ", " + word
		}
		more := fmt.Sprintf(" and %d more", len(sorted)-i)
		switch {
		case strings.HasSuffix(subject, " more"):
		case i > 0 && len(subject)+len(word)+len(more) > maxSubject:
			subject += more
		default:
			subject += word
		}
	}
	trailers := fmt.Sprintf("%s: %s\nSyncer-Version: %s\nSyncer-CI: [skip ci]\n",
		TrailerCluster, line(cluster), line(version))
	return subject + "\n\n" + body.String() + "\n" + trailers
}

// Review is what comparing a change with its review has shown.
type Review struct {
	Reason  diag.Reason // AsReviewed, PlanAccepted, NotReviewed or WorseThanReviewed
	Message string
}

// reviewedAs returns the condition Reviewed, which is about what is carried out, or false without one. The result for
// the change that was carried out last stays until another one is.
func reviewedAs(in Input, r, old Report) (Condition, bool) {
	if in.Review != nil && in.carriedOut() {
		ok := in.Review.Reason == diag.AsReviewed || in.Review.Reason == diag.PlanAccepted
		message := in.Review.Message
		if !ok {
			message += "; it is carried out, because policy.review.verdict is " + string(reviewed.Warn)
		}
		return condition(Reviewed, ok, string(in.Review.Reason), message), true
	}
	for _, c := range old.Conditions {
		if c.Type == Reviewed && r.CarriedOut.Digest != "" && r.CarriedOut.Digest == old.CarriedOut.Digest {
			return c, true
		}
	}
	return Condition{}, false
}

// heldReason is the reason of Applied while the Workspace is held back.
func (in Input) heldReason() string {
	switch {
	case in.Halted != "":
		return string(in.Halted)
	case in.HeldReason != "":
		return in.HeldReason
	case in.Review != nil:
		return string(in.Review.Reason)
	}
	return ApplyHeld
}

// staying reports a Workspace that the source no longer asks for, and whose deletion is held back.
func staying(in Input, old Report) (State, []Condition) {
	var out []Condition
	for _, c := range old.Conditions {
		if c.Type != Applied && c.Type != Reviewed {
			out = append(out, c)
		}
	}
	return old.State, out
}

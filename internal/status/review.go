// SPDX-License-Identifier: Apache-2.0

package status

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reviewed"
)

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

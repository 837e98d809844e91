// SPDX-License-Identifier: Apache-2.0

package status

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// commits sets which commit is carried out for the Workspace, and which commit asks for something else.
//
// A commit counts for a Workspace only when it changes the Workspace's inputs. Of a commit that is not carried out the
// report keeps the hash and the digest, so that later commits that leave the inputs alone do not take its place.
func (r *Report) commits(old Report, in Input) {
	inputs, commit := in.desiredInputs(), in.Commit
	switch {
	case old.DesiredCommit != "":
		if inputs == old.DesiredInputs {
			commit = old.DesiredCommit
		}
	case old.ObservedCommit != "" && inputs == old.Inputs:
		commit = old.ObservedCommit
	}
	r.CarriedOut = old.CarriedOut
	if in.carriedOut() {
		r.ObservedCommit, r.Inputs = commit, inputs
		if in.CarriedOut.Digest != "" {
			r.CarriedOut = old.CarriedOut.Merge(in.CarriedOut)
		}
		return
	}
	r.ObservedCommit, r.Inputs = old.ObservedCommit, old.Inputs
	if commit != old.ObservedCommit {
		r.DesiredCommit, r.DesiredInputs = commit, inputs
	}
}

// desiredInputs identifies what the last commit asks for. A file that is unreadable has no digest; its errors stand in.
func (in Input) desiredInputs() string {
	if in.Inputs != "" {
		return in.Inputs
	}
	h := sha256.New()
	for _, p := range in.Problems {
		fmt.Fprintln(h, p.String())
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// carriedOut reports whether the API server has accepted every object of the last commit, and nothing of it is held
// back. Nodes that are on their way do not count against it.
func (in Input) carriedOut() bool {
	return in.Workspace != nil && len(in.Problems) == 0 && !in.Waiting && len(in.ApplyErrs) == 0 && !in.Incomplete &&
		in.NodeFailure.Reason == "" && in.PoolErr == nil && in.PoolHeld == "" && in.NodePoolErr == nil &&
		in.NodePoolHeld == "" && in.Held == ""
}

// applied returns the condition Applied, or false when there is nothing to say: the last commit is carried out, the
// file is invalid and WorkspaceSucceeded says so, or the Workspace is new and waits for nodes only.
func applied(in Input, r Report) (Condition, bool) {
	reason, why := ApplyHeld, in.heldBack()
	switch {
	case in.Workspace == nil && in.Held != "":
		text := "its deletion is held back: " + in.heldBack() + "; its live objects stay"
		return condition(Applied, false, in.heldReason(), text), true
	case in.Workspace == nil || len(in.Problems) > 0:
		return Condition{}, false
	case in.Held != "":
		reason = in.heldReason()
	case len(in.ApplyErrs) > 0:
		reason, why = ApplyFailed, errors.Join(in.ApplyErrs...).Error()
	case in.Incomplete:
		reason, why = ApplyFailed, "the API server went away before it had every object; syncer tries again"
	case r.DesiredCommit == "" || r.ObservedCommit == "" || why == "":
		return Condition{}, false
	}
	var b strings.Builder
	if r.DesiredCommit != "" {
		fmt.Fprintf(&b, "commit %s is not carried out: ", short(r.DesiredCommit))
	}
	b.WriteString(why)
	switch {
	case in.Workload == nil:
		b.WriteString("; nothing runs")
	case r.DesiredCommit != "" && r.ObservedCommit != "":
		fmt.Fprintf(&b, "; commit %s runs", short(r.ObservedCommit))
	}
	return condition(Applied, false, reason, b.String()), true
}

// heldBack says why the last commit is not carried out although no object was refused, or "".
func (in Input) heldBack() string {
	switch {
	case in.Halted != "":
		return in.Held + "; " + in.Differs
	case in.Held != "":
		return in.Held
	case in.PoolErr != nil && in.Pool != nil:
		return fmt.Sprintf("pool %s: %v", in.Pool.Name, in.PoolErr)
	case in.PoolHeld != "" && in.Pool != nil:
		return fmt.Sprintf("pool %s: %s", in.Pool.Name, in.PoolHeld)
	case in.NodePoolErr != nil:
		return in.NodePoolErr.Error()
	case in.NodePoolHeld != "":
		return in.NodePoolHeld
	}
	return in.NodeFailure.Message
}

// NotApplied returns the message of Applied while that condition is False, and "" otherwise.
func (r Report) NotApplied() string {
	for _, c := range r.Conditions {
		if c.Type == Applied && c.Status == "False" {
			return c.Message
		}
	}
	return ""
}

// Failing reports whether a person should look: the Workspace has failed, or its last commit is refused or waits for a
// review.
func (r Report) Failing() bool {
	for _, c := range r.Conditions {
		switch c.Reason {
		case ApplyFailed, RolloutStopped, string(diag.NotReviewed), string(diag.WorseThanReviewed):
			if c.Type == Applied {
				return true
			}
		}
	}
	return r.State == Failed
}

// short returns the part of a commit's hash that people use.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
)

// howLong ends what is said about an interruption. How long a server takes to start depends on the image, the weights
// and the disks; nobody has measured it here.
const howLong = "; for how long is unknown"

// replacements are what KAITO's rules say about the change of a file, in the words of "validate --base".
func (r *review) replacements(s *subject) []diag.Diagnostic {
	if r.Before == nil || s.old == nil || s.new == nil {
		return nil
	}
	return admission.Changes(r.Before.Only([]workspace.Workspace{*s.old}), r.After.Only([]workspace.Workspace{*s.new}))
}

// replaced says what takes the place of what runs, and why.
func replaced(r *review, s *subject) {
	if s.Op != plan.Replace {
		return
	}
	told := false
	for _, d := range r.replacements(s) {
		told = true
		r.tell(s, plan.Replaced, diag.Off, d.Field+" "+d.Message, "")
	}
	if told {
		return
	}
	for _, c := range r.changes[s.Key] {
		if c.Op == plan.Replace && c.Pool == nil {
			r.tell(s, plan.Replaced, diag.Off, c.Target+" is deleted and created anew: "+c.Reason, "")
			return
		}
	}
	r.tell(s, plan.Replaced, diag.Off, "another workload takes the place of the one that runs", "")
}

// interrupted says that serving stops, or that a tuning starts over.
func interrupted(r *review, s *subject) {
	switch {
	case s.stays && s.Interrupted:
		text := "serving stops until the new pods are ready" + howLong
		switch {
		case s.new.Suspended():
			text = "serving stops: the Workspace is suspended"
		case s.new.Tuning != nil:
			text = "the model is no longer served"
		case s.GivesWay != (workspace.Key{}):
			text = fmt.Sprintf("serving stops: its nodes go to %s, of higher priority", s.GivesWay)
		}
		verdict := r.Policy.Changes.Interruption
		r.tell(s, plan.Interrupted, verdict, text, policyHint(verdict, "policy.interruption"))
	case s.stays && s.exists && s.new.Tuning != nil && s.Op == plan.Replace:
		text := "the tuning starts over"
		if s.old != nil && s.old.Tuning == nil {
			return
		}
		r.tell(s, plan.Replaced, diag.Warn, text, "")
	}
}

// policyHint says which setting blocks, and how to go on.
func policyHint(v diag.Verdict, field string) string {
	if v != diag.Fail {
		return ""
	}
	return field + " is fail: what runs stays as it is until the policy allows the change"
}

// deleted says that a Workspace goes, or is held where a policy does not let it go.
func deleted(r *review, s *subject) {
	if s.stays || s.Op != plan.Delete && s.Held == "" {
		return
	}
	what := "the Workspace is deleted"
	if size := s.Before.InstanceType; size != "" && s.Before.Nodes > 0 {
		what += fmt.Sprintf(", with its part of %s", nodes(s.Before.Nodes, size))
	}
	switch {
	case plan.ScaledDown(r.After, s.Key):
		r.tell(s, plan.Deleted, diag.Off, what+": its InferenceSet has fewer replicas", "")
	case s.Before.Serves:
		verdict := r.Policy.Changes.Deletion
		hint := policyHint(verdict, "policy.deletion")
		if hint != "" {
			hint += "; a suspended Workspace does not serve, and may be deleted"
		}
		r.tell(s, plan.Deleted, verdict, what+", and serving stops for good", hint)
	default:
		r.tell(s, plan.Deleted, diag.Off, what, "")
	}
}

func nodes(n int, size string) string {
	if n == 1 {
		return "1 node of " + size
	}
	return fmt.Sprintf("%d nodes of %s", n, size)
}

// endpoint says that clients have to send their requests elsewhere, or may from elsewhere.
func endpoint(r *review, s *subject) {
	if !s.exists || !s.stays {
		return
	}
	was, is := s.Before.Endpoint, s.After.Endpoint
	if changed(was, is) {
		r.tell(s, plan.EndpointChanged, diag.Warn, "endpoint "+was+" -> "+is, "")
		return
	}
	for _, c := range r.changes[s.Key] {
		if c.Object == nil || c.Object.GetKind() != "Service" {
			continue
		}
		ports := slices.ContainsFunc(c.Fields, func(f string) bool {
			return strings.HasPrefix(f, "spec.ports") || f == "spec.type"
		})
		if ports {
			r.tell(s, plan.EndpointChanged, diag.Warn, c.Target+": its ports or its type change", "")
		}
	}
}

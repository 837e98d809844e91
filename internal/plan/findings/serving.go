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

// howLong ends the text about an interruption. How long a server takes to start depends on the image, the weights and
// the disks, and syncer has no measurement of it.
const howLong = "; for how long is unknown"

// replacements are what KAITO's rules say about the change of a file, in the words of "validate --base".
func (r *review) replacements(s *subject) []diag.Diagnostic {
	if r.Before == nil || s.old == nil || s.new == nil {
		return nil
	}
	return admission.Changes(r.Before.Only([]workspace.Workspace{*s.old}), r.After.Only([]workspace.Workspace{*s.new}))
}

// replaced says what replaces what runs, and why.
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
			r.tell(s, plan.Replaced, diag.Off, c.Target+" is deleted and created again: "+c.Reason, "")
			return
		}
	}
	text := "another workload replaces the one that runs"
	if changed(s.Before.Pool, s.After.Pool) {
		text = "it moves to other nodes: pool " + s.Before.Pool + " -> " + s.After.Pool
	}
	r.tell(s, plan.Replaced, diag.Off, text, "")
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
	case s.Op != plan.Replace || !s.stays || s.Before.Serves:
	case s.new.Tuning != nil:
		r.tell(s, plan.Replaced, diag.Warn, "the tuning starts over", "")
	case s.old != nil && s.old.Tuning != nil:
		r.tuningStops(s)
	}
}

// tuningStops says that a tuning gives way to another workload, unless it is over.
func (r *review) tuningStops(s *subject) {
	job, found := r.Workloads[s.Key]
	switch {
	case !r.Asked.Cluster:
		r.tell(s, plan.Replaced, diag.Warn, "the tuning stops; whether it still runs is unknown", "")
	case found && job.Ref.Kind == "Job" && !job.Complete && !job.Failed:
		r.tell(s, plan.Replaced, diag.Warn, "a running tuning stops", "")
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
	switch {
	case plan.ScaledDown(r.After, s.Key):
		r.tell(s, plan.Deleted, diag.Off, what+": "+plan.ReasonFewerReplicas, "")
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

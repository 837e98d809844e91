// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/immutable"
)

// The longest time that syncer lets a server take to start (render, startup probe). A pod that was ready for the last
// time after that has been ready before: it says nothing about its start.
const longestStart = 3 * time.Hour

// howLong ends the text about an interruption. How long a server takes to start depends on the image, the weights and
// the disks. The pods that run now have shown it, where the new ones differ from them in none of these.
func howLong(r *review, s *subject) string {
	const unknown = "; for how long is unknown"
	was, is := &s.Before, &s.After
	if was.Model != is.Model || was.Revision != is.Revision || was.Image != is.Image || was.Runtime != is.Runtime ||
		!strings.EqualFold(was.InstanceType, is.InstanceType) || changed(was.Pool, is.Pool) || is.Nodes > was.Nodes {
		return unknown
	}
	least, most := longestStart, time.Duration(0)
	for _, p := range r.Workloads[s.Key].Pods {
		if p.Start.AtMost <= 0 || p.Start.AtMost > longestStart {
			continue
		}
		least, most = min(least, p.Start.AtLeast), max(most, p.Start.AtMost)
	}
	if most == 0 {
		return unknown
	}
	return fmt.Sprintf("; the pods that run now were ready %s to %s after they were created",
		rounded(least), rounded(most))
}

// rounded is a length of time as people say it: in seconds below two minutes, else in minutes.
func rounded(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
}

// replacements are what KAITO's rules say about the change of a file, in the words of "validate --base".
func (r *review) replacements(s *subject) []diag.Diagnostic {
	if r.Before == nil || s.old == nil || s.new == nil {
		return nil
	}
	return immutable.Changes(r.Before.Only([]workspace.Workspace{*s.old}), r.After.Only([]workspace.Workspace{*s.new}))
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
		text := "serving stops until the new pods are ready" + howLong(r, s)
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

// SPDX-License-Identifier: Apache-2.0

// Package findings says what a reviewer must be told about a plan: one rule for each idea, in an ordered list.
//
// A rule looks at one Workspace that changes, or at the plan as a whole. It states a fact, and what the policy says
// about it. A rule reports what the plan does not know as unknown, and never leaves it out.
package findings

import (
	"cmp"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// Input is a plan with what it was made of.
type Input struct {
	Plan    *plan.Plan
	Policy  desired.Policy
	Desired *desired.Desired // of the head
	// Before are the Workspaces of the base, nil for a plan against what is live; After are those of the head.
	Before, After *workspace.Set
	// Workloads are what runs, if Asked.Cluster; Unavailable what Azure refused lately, at the time Now.
	Workloads   map[workspace.Key]cluster.Workload
	Unavailable unavailable.Offerings
	Now         time.Time
	Asked       Asked
}

// Asked is what the plan could be compared with. The zero value is Git alone.
type Asked struct {
	Cluster bool // its Workspaces, pods and nodes, and the API server's verdict by dry run
	Azure   bool // pools and quota
	// ClusterWhy and AzureWhy are why not, as a clause: "Azure was not asked". They are empty if there is nothing to ask.
	ClusterWhy, AzureWhy string
}

// rule adds what one idea has to say about the plan, or about each Workspace that changes.
type rule struct {
	name      string // for a debugger
	plan      func(*review)
	workspace func(*review, *subject)
}

// rules run in this order, which is also the order in which findings of the same weight are listed.
var rules = []rule{
	{name: "suspensions", plan: suspended},
	{name: "what is only observed", workspace: observed},
	{name: "deletion of many Workspaces", plan: massDeletion},
	{name: "volume claims that stay", plan: claims},
	{name: "pods that the policy refuses", workspace: podPolicy},
	{name: "downloads without a token", workspace: gated},
	{name: "limits", workspace: limits},
	{name: "quota", plan: quota},
	{name: "deletion of a Workspace", workspace: deleted},
	{name: "interruption of serving", workspace: interrupted},
	{name: "restarts one after another", plan: rolledOut},
	{name: "replacement", workspace: replaced},
	{name: "cost", plan: cost},
	{name: "another model", workspace: model},
	{name: "another revision", workspace: revision},
	{name: "a revision that is not pinned", workspace: unpinned},
	{name: "code of the model's repository", workspace: remoteCode},
	{name: "another image", workspace: image},
	{name: "context length", workspace: contextLength},
	{name: "another size", workspace: size},
	{name: "number of GPUs", workspace: gpus},
	{name: "parallelism", workspace: parallelism},
	{name: "spot nodes", workspace: spot},
	{name: "a size that Azure has retired", workspace: retired},
	{name: "a size that Azure is short of", workspace: scarce},
	{name: "addresses", workspace: endpoint},
	{name: "adapters that are not tuned yet", workspace: adapters},
	{name: "Workspaces that it depends on", workspace: dependencies},
	{name: "priorities", workspace: waits},
	{name: "pools that go", plan: poolsDeleted},
	{name: "what was not asked", plan: notCompared},
}

// subject is one Workspace of the plan.
type subject struct {
	*plan.Workspace
	// desired is nil for a Workspace that goes, old and new are nil where a side does not have it or is not known.
	desired  *desired.Workload
	old, new *workspace.Workspace
	// exists and stays report whether the Workspace is on either side.
	exists, stays bool
}

// review collects the findings of one plan.
type review struct {
	Input
	changes map[workspace.Key][]*plan.Change
	problem map[workspace.Key][]diag.Diagnostic // of a Workspace, or of an InferenceSet
	out     []plan.Finding
}

// Of returns the findings of a plan: those that block first, then warnings, then facts; each by Workspace.
func Of(in Input) []plan.Finding {
	r := &review{
		Input:   in,
		changes: map[workspace.Key][]*plan.Change{},
		problem: map[workspace.Key][]diag.Diagnostic{},
	}
	subjects := r.subjects()
	if len(subjects) > 0 {
		r.collect(subjects)
	}
	for _, rule := range rules {
		if rule.plan != nil {
			rule.plan(r)
			continue
		}
		for i := range subjects {
			rule.workspace(r, &subjects[i])
		}
	}
	weight := map[diag.Verdict]int{diag.Fail: 0, diag.Warn: 1, diag.Off: 2}
	slices.SortStableFunc(r.out, func(a, b plan.Finding) int {
		return cmp.Or(cmp.Compare(weight[a.Verdict], weight[b.Verdict]), a.Workspace.Compare(b.Workspace))
	})
	return r.out
}

// collect keeps what the rules ask about subjects.
func (r *review) collect(subjects []subject) {
	for _, d := range r.Plan.Problems {
		of := cmp.Or(d.Workspace, d.InferenceSet)
		r.problem[of] = append(r.problem[of], d)
	}
	of := make(map[workspace.Key]bool, len(subjects))
	for i := range subjects {
		of[subjects[i].Key] = true
	}
	for i := range r.Plan.Changes {
		if c := r.Plan.Changes[i]; of[c.Workspace] {
			r.changes[c.Workspace] = append(r.changes[c.Workspace], c)
		}
	}
}

// subjects lists the Workspaces that the plan changes, or cannot change although it should.
func (r *review) subjects() []subject {
	changes := map[workspace.Key]bool{}
	for i := range r.Plan.Workspaces {
		if w := r.Plan.Workspaces[i]; w.Op != plan.NoOp {
			changes[w.Key] = true
		}
	}
	if len(changes) == 0 {
		return nil
	}
	workloads := make(map[workspace.Key]*desired.Workload, len(changes))
	for i := range r.Desired.Workloads {
		if w := r.Desired.Workloads[i]; changes[w.Key] {
			workloads[w.Key] = w
		}
	}
	old := make(map[workspace.Key]*workspace.Workspace, len(changes))
	for i := 0; r.Before != nil && i < len(r.Before.Workspaces); i++ {
		if w := &r.Before.Workspaces[i]; changes[w.Key] {
			old[w.Key] = w
		}
	}
	var out []subject
	for i := range r.Plan.Workspaces {
		w := r.Plan.Workspaces[i]
		if w.Op == plan.NoOp {
			continue
		}
		s := subject{Workspace: w, desired: workloads[w.Key], old: old[w.Key]}
		s.exists = s.old != nil || w.Before != plan.Values{}
		if s.desired != nil {
			s.new, s.stays = s.desired.Workspace, true
		}
		out = append(out, s)
	}
	return out
}

// tell adds a finding about a Workspace.
func (r *review) tell(s *subject, kind plan.FindingKind, verdict diag.Verdict, text, hint string) {
	r.out = append(r.out, plan.Finding{
		Workspace: s.Key, Kind: kind, Verdict: cmp.Or(verdict, diag.Off), Text: text, Hint: hint,
	})
}

// say adds a finding about the plan as a whole.
func (r *review) say(kind plan.FindingKind, verdict diag.Verdict, text, hint string) {
	r.out = append(r.out, plan.Finding{Kind: kind, Verdict: cmp.Or(verdict, diag.Off), Text: text, Hint: hint})
}

// problems returns what is wrong with a Workspace for one of these reasons.
func (r *review) problems(s *subject, reasons ...diag.Reason) []diag.Diagnostic {
	all := r.problem[s.Key]
	if s.new != nil && s.new.InferenceSet != "" {
		set := workspace.Key{Namespace: s.Key.Namespace, Name: s.new.InferenceSet}
		all = slices.Concat(all, r.problem[set])
	}
	return slices.DeleteFunc(slices.Clone(all), func(d diag.Diagnostic) bool {
		return !slices.Contains(reasons, d.Reason) || s.new != nil && !workspace.Concerns(d, s.new)
	})
}

// verdictOf is the verdict of a problem that was found in a file.
func verdictOf(d diag.Diagnostic) diag.Verdict {
	if d.Severity == diag.Error {
		return diag.Fail
	}
	return diag.Warn
}

// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
)

// Statement is one sentence for a reviewer about Workspaces, or about the plan as a whole where it names none.
type Statement struct {
	Kind       plan.FindingKind // "" for one that is no Finding
	Workspaces []workspace.Key
	Text       string // not escaped
	Hint       string // what to do; "" for nothing
}

// Blockers say why the change is blocked: what is invalid, without a place, refused by the API server, or forbidden by
// a policy. Those with equal words are one.
func Blockers(p *plan.Plan) []Statement {
	var out statements
	told := map[workspace.Key]bool{} // why it has no place, by a finding
	for i := range p.Findings {
		if f := &p.Findings[i]; f.Verdict == diag.Fail && (f.Kind == plan.LimitExceeded || f.Kind == plan.QuotaShort) {
			told[f.Workspace] = true
		}
	}
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		for _, text := range w.Blocked {
			out.add("", w.Key, text, "")
		}
		if w.Refused && !told[w.Key] {
			out.add("", w.Key, w.Unplaced, "")
		}
	}
	for i := range p.Changes {
		if c := p.Changes[i]; c.Refused {
			out.add("", c.Workspace, c.Target+": "+c.Reason, "")
		}
	}
	out.addProblems(p, diag.Error)
	out.addFindings(p, diag.Fail)
	return out.list
}

// Cautions are what to read before the change is carried out. Those with equal words are one. Warnings about the files
// of Workspaces that do not change are not among them: Facts counts them.
func Cautions(p *plan.Plan) []Statement {
	var out statements
	out.addFindings(p, diag.Warn)
	for _, text := range p.Warnings {
		out.add("", workspace.Key{}, text, "")
	}
	out.addProblems(p, diag.Warning)
	return out.list
}

// Facts are findings without a judgement, apart from the values that Differences shows and from sums.
func Facts(p *plan.Plan) []Statement {
	var out statements
	out.addFindings(p, diag.Off)
	if n := p.OldWarnings(); n > 0 {
		text := "1 warning about a Workspace that does not change; syncer validate prints it"
		if n > 1 {
			text = plan.Thousands(n) + " warnings about Workspaces that do not change; syncer validate prints them"
		}
		out.add("", workspace.Key{}, text, "")
	}
	return slices.DeleteFunc(out.list, func(s Statement) bool {
		switch s.Kind {
		case plan.ModelChanged, plan.RevisionChanged, plan.ContextChanged, plan.GPUsChanged, plan.ParallelismChanged,
			plan.SizeChanged, plan.ImageChanged, plan.EndpointChanged, plan.CostRaised, plan.Deleted, plan.PoolDeleted:
			return true
		}
		return false
	})
}

// statements collects statements, those with equal words as one.
type statements struct {
	list []Statement
	at   map[words]int
}

// words are what makes statements equal, but for their Workspaces.
type words struct {
	kind       plan.FindingKind
	text, hint string
	ofPlan     bool
}

func (s *statements) add(kind plan.FindingKind, k workspace.Key, text, hint string) {
	key := words{kind, text, hint, k == workspace.Key{}}
	i, found := s.at[key]
	if !found {
		if s.at == nil {
			s.at = map[words]int{}
		}
		i = len(s.list)
		s.at[key] = i
		s.list = append(s.list, Statement{Kind: kind, Text: text, Hint: hint})
	}
	if of := &s.list[i].Workspaces; !key.ofPlan && !slices.Contains(*of, k) {
		*of = append(*of, k)
	}
}

// addProblems adds the Problems of a severity. Workspace.Blocked has the errors of Workspaces already.
func (s *statements) addProblems(p *plan.Plan, severity diag.Severity) {
	same := map[workspace.Key]bool{}
	for i := range p.Workspaces {
		same[p.Workspaces[i].Key] = p.Workspaces[i].Op == plan.NoOp
	}
	for _, d := range p.Problems {
		if same[d.Workspace] && severity == diag.Warning {
			continue
		}
		if d.Severity == severity && (severity == diag.Warning || d.Workspace == (workspace.Key{})) {
			hint := d.Hint
			d.Hint = ""
			s.add("", d.Workspace, d.Error(), hint)
		}
	}
}

// addFindings adds the findings with a verdict, but those that repeat a Problem, which has its place in a file.
func (s *statements) addFindings(p *plan.Plan, v diag.Verdict) {
	problems := map[workspace.Key][]string{}
	for i := range p.Problems {
		d := &p.Problems[i]
		problems[d.Workspace] = append(problems[d.Workspace], d.Message)
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		repeats := func(message string) bool { return message != "" && strings.HasSuffix(f.Text, message) }
		if f.Verdict == v && !slices.ContainsFunc(problems[f.Workspace], repeats) {
			s.add(f.Kind, f.Workspace, f.Text, f.Hint)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Statement is one sentence for a reviewer about Workspaces, or about the plan as a whole where it names none.
type Statement struct {
	Workspaces []workspace.Key
	Text       string // not escaped
	Hint       string // what to do; "" for nothing
}

// Blockers say why the change is blocked: what is invalid, without a place, refused by the API server, or forbidden by
// a policy. Those with equal words are one.
func (p *Plan) Blockers() []Statement {
	var out statements
	for i := range p.Workspaces {
		w := &p.Workspaces[i]
		for _, text := range w.Blocked {
			out.add(w.Key, text, "")
		}
		if w.Refused {
			out.add(w.Key, w.Unplaced, "")
		}
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Refused {
			out.add(c.Workspace, c.Target+": "+c.Reason, "")
		}
	}
	out.addProblems(p, diag.Error)
	out.addFindings(p, diag.Fail)
	return out.list
}

// Cautions are what to read before the change is carried out. Those with equal words are one.
func (p *Plan) Cautions() []Statement {
	var out statements
	out.addFindings(p, diag.Warn)
	for _, text := range p.Warnings {
		out.add(workspace.Key{}, text, "")
	}
	out.addProblems(p, diag.Warning)
	return out.list
}

// Facts are what is told without a judgement.
func (p *Plan) Facts() []Statement {
	var out statements
	out.addFindings(p, diag.Off)
	return out.list
}

// statements collects statements, those with equal words as one.
type statements struct {
	list []Statement
	at   map[words]int
}

// words are what makes statements equal, but for their Workspaces.
type words struct {
	text, hint string
	ofPlan     bool
}

func (s *statements) add(k workspace.Key, text, hint string) {
	key := words{text, hint, k == workspace.Key{}}
	i, found := s.at[key]
	if !found {
		if s.at == nil {
			s.at = map[words]int{}
		}
		i = len(s.list)
		s.at[key] = i
		s.list = append(s.list, Statement{Text: text, Hint: hint})
	}
	if of := &s.list[i].Workspaces; !key.ofPlan && !slices.Contains(*of, k) {
		*of = append(*of, k)
	}
}

// addProblems adds the Problems of a severity. Workspace.Blocked has the errors of Workspaces already.
func (s *statements) addProblems(p *Plan, severity diag.Severity) {
	for _, d := range p.Problems {
		if d.Severity == severity && (severity == diag.Warning || d.Workspace == (workspace.Key{})) {
			hint := d.Hint
			d.Hint = ""
			s.add(d.Workspace, d.Error(), hint)
		}
	}
}

func (s *statements) addFindings(p *Plan, v diag.Verdict) {
	for i := range p.Findings {
		if f := &p.Findings[i]; f.Verdict == v {
			s.add(f.Workspace, f.Text, f.Hint)
		}
	}
}

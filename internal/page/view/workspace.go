// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Workspace is all that is shown of one Workspace.
type Workspace struct {
	Row
	Runtime    string // "" for a tuning, and for a pod template
	Preset     string
	Revision   string
	Source     string // file in the repository
	SourceURL  string
	FirstSeen  time.Time
	Why        string // it has this size
	Conditions []Condition
	Tree       []Branch // its nodes and its objects
	Pods       []Pod
	Plan       *Planned // nil if nothing of it is planned or held
}

// Condition is a condition of a Workspace.
type Condition struct {
	Type    string
	Status  string // True, False or Unknown
	Reason  string
	Message string
	Since   time.Time
	Explain string // command that explains the reason, if it is not met; "" for none
}

// Branch is one line of a tree, with the lines below it.
type Branch struct {
	Kind, Name string
	State      string // in a word; "" if it has none
	Note       string
	Below      []Branch
}

// Pod is a pod of a Workspace.
type Pod struct {
	Name, Node, Phase string
	Ready             bool
	Reason, Message   string
	Start             time.Duration // at most, until it was ready for the first time; 0 if unknown
}

// Planned is what the plan says of a Workspace.
type Planned struct {
	Op       string // in the words of the plan: "update"
	Held     string // why nothing of it changes; "" if it does
	Unplaced string // why it has no place; "" if it has one
	Behind   []Ahead
	Blocked  []string // its errors
	Values   []summary.Difference
	Sizes    []Size
	Steps    []Step
	More     int // steps that are not shown
}

// Ahead is a Workspace that goes first.
type Ahead struct {
	workspace.Key
	Why string
}

// Size is the verdict on a size that was considered.
type Size struct {
	Name      string
	Taken     bool
	Cost      Money
	Obstacles []string
}

// Step is one step of the plan, or several that are alike.
type Step struct {
	Op, Target string
	Reason     string
	Fields     []Field
}

// Field is a field that differs. Each line begins with "-", "+" or " ".
type Field struct {
	Path  string
	Lines []string
}

// maxSteps and maxFields bound what is shown of a plan.
const (
	maxSteps  = 50
	maxFields = 20
)

// Workspace returns a Workspace; false if there is none, or the client may not see it.
func (b *Board) Workspace(key workspace.Key, sees Sees) (Workspace, bool) {
	i, known := b.at[key]
	if !known || !sees(key.Namespace) {
		return Workspace{}, false
	}
	r := b.rows[i].report
	w := Workspace{
		Row:       b.row(&b.rows[i]),
		Revision:  text(r.Revision),
		Runtime:   text(r.Runtime),
		Why:       text(r.Why),
		Source:    text(r.Source),
		SourceURL: b.facts.Links.File(cmp.Or(r.DesiredCommit, r.ObservedCommit), r.Source),
		FirstSeen: r.FirstSeen,
	}
	for _, c := range r.Conditions {
		w.Conditions = append(w.Conditions, Condition{
			text(c.Type), text(c.Status), text(c.Reason), lines(c.Message), c.LastTransitionTime, explain(c),
		})
	}
	live, running := b.facts.State.Workloads[key]
	if running {
		w.Pods = podsOf(&live)
	}
	w.Tree = b.tree(r, w.Pods, live.Ref)
	if p := b.planned[key]; p != nil {
		w.Preset = text(p.Preset)
		w.Plan = b.planOf(p, sees)
	}
	return w, true
}

// explain returns the command that says what a reason means, and what helps.
func explain(c status.Condition) string {
	if c.Status == "True" || diag.Reason(c.Reason).Meaning() == "" {
		return ""
	}
	return "syncer explain " + text(c.Reason)
}

func podsOf(w *cluster.Workload) []Pod {
	var out []Pod
	for i := range w.Pods {
		p := &w.Pods[i]
		phase := p.Phase
		if p.Deleting {
			phase = "Terminating"
		}
		out = append(out, Pod{
			text(p.Name), text(p.Node), text(phase), p.Ready, text(p.Reason), lines(p.Message), p.Start.AtMost,
		})
	}
	return out
}

// tree returns what a Workspace consists of: pools with their nodes, and objects with their pods.
func (b *Board) tree(r *status.Report, pods []Pod, workload cluster.Ref) []Branch {
	var out []Branch
	placed := map[string]bool{}
	for _, p := range r.Pools {
		branch := Branch{
			Kind: "Pool", Name: text(p.Name), State: text(p.State), Note: plural(p.Nodes, "node"),
		}
		if p.Shared {
			branch.Note += ", shared"
		}
		for _, n := range b.facts.State.Nodes {
			if n.Pool == p.Name && slices.Contains(r.WorkerNodes, n.Name) {
				placed[n.Name] = true
				branch.Below = append(branch.Below, nodeOf(&n))
			}
		}
		out = append(out, branch)
	}
	for _, name := range r.WorkerNodes {
		if placed[name] {
			continue
		}
		i := slices.IndexFunc(b.facts.State.Nodes, func(n cluster.Node) bool { return n.Name == name })
		if i < 0 {
			out = append(out, Branch{Kind: "Node", Name: text(name)})
		} else {
			out = append(out, nodeOf(&b.facts.State.Nodes[i]))
		}
	}
	for _, o := range r.Objects {
		kind, name, _ := strings.Cut(o, "/")
		branch := Branch{Kind: text(kind), Name: text(name)}
		if o == workload.String() {
			for _, p := range pods {
				note := cmp.Or(p.Reason, p.Node)
				branch.Below = append(branch.Below, Branch{Kind: "Pod", Name: p.Name, State: podState(p), Note: note})
			}
		}
		if o == "Service/"+r.Name {
			branch.Note = text(r.Endpoint)
		}
		out = append(out, branch)
	}
	return out
}

func nodeOf(n *cluster.Node) Branch {
	state := "NotReady"
	if n.Ready {
		state = "Ready"
	}
	note := plural(int(n.GPUs), "GPU")
	if n.InstanceType != "" {
		note = text(n.InstanceType) + ", " + note
	}
	return Branch{Kind: "Node", Name: text(n.Name), State: state, Note: note}
}

// podState is the state of a pod in a word.
func podState(p Pod) string {
	switch {
	case p.Ready:
		return "Ready"
	case p.Phase == "Running":
		return "NotReady"
	}
	return p.Phase
}

// planOf returns what the plan says of a Workspace; nil if it changes and holds nothing.
func (b *Board) planOf(p *plan.Workspace, sees Sees) *Planned {
	out := &Planned{Op: text(string(p.Op)), Held: lines(p.Held), Unplaced: lines(p.Unplaced)}
	for _, a := range p.WaitsFor {
		if sees(a.Workspace.Namespace) {
			out.Behind = append(out.Behind, Ahead{a.Workspace, text(a.Why)})
		}
	}
	for _, e := range p.Blocked {
		out.Blocked = append(out.Blocked, lines(e))
	}
	for _, d := range summary.Differences(p.Before, p.After) {
		out.Values = append(out.Values, summary.Difference{
			Name: text(d.Name), Before: text(d.Before), After: text(d.After),
		})
	}
	for _, v := range p.Sizes {
		s := Size{Name: text(v.SKU.Name), Taken: v.Taken}
		if v.Option.Nodes > 0 {
			s.Cost = moneyFor(v.Option.HourlyCost)
		}
		for _, o := range v.Obstacles {
			s.Obstacles = append(s.Obstacles, text(o.Message))
		}
		out.Sizes = append(out.Sizes, s)
	}
	b.steps(p.Key, out)
	if p.Op == plan.NoOp && out.Held == "" && out.Unplaced == "" && len(out.Blocked)+len(out.Steps) == 0 {
		return nil
	}
	return out
}

// steps adds the steps of the plan for a Workspace.
func (b *Board) steps(key workspace.Key, out *Planned) {
	var all []*plan.Change
	for i := range b.facts.Plan.Changes {
		if c := b.facts.Plan.Changes[i]; c.Workspace == key && c.Op != plan.NoOp {
			all = append(all, c)
		}
	}
	for _, alike := range summary.Together(all) {
		if len(out.Steps) == maxSteps {
			out.More++
			continue
		}
		c := alike[0]
		s := Step{Op: text(string(c.Op)), Target: text(c.Target), Reason: lines(summary.Why(c))}
		if s.Reason == out.Held {
			s.Reason = "" // it is above
		}
		if len(alike) > 1 {
			s.Target = fmt.Sprintf("%s and %d more", s.Target, len(alike)-1)
		}
		values := c.Texts.Fields()
		for _, f := range values[:min(len(values), maxFields)] {
			field := Field{Path: text(f.Path)}
			for _, line := range f.Lines {
				field.Lines = append(field.Lines, text(line))
			}
			s.Fields = append(s.Fields, field)
		}
		out.Steps = append(out.Steps, s)
	}
}

// SPDX-License-Identifier: Apache-2.0

// Package document is a plan in JSON. docs/plan.md describes each field. Pure.
package document

import (
	"math"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/cause"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// document is the plan as "-o json" prints it.
type document struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Cluster    string              `json:"cluster"`
	Base       string              `json:"base"`
	Head       string              `json:"head"`
	Region     string              `json:"region,omitempty"`
	Verdict    verdictDocument     `json:"verdict"`
	Findings   []findingDocument   `json:"findings"`
	Summary    map[plan.Op]int     `json:"summary"`
	Workspaces []workspaceDocument `json:"workspaces"`
	Changes    []changeDocument    `json:"changes"`
	Problems   []diag.Diagnostic   `json:"problems"` // errors
	Warnings   []diag.Diagnostic   `json:"warnings"`
	Notices    []string            `json:"notices"`
	Cost       costDocument        `json:"cost"`
	Quota      []quotaDocument     `json:"quota"`
}

type verdictDocument struct {
	Outcome plan.Outcome `json:"outcome"`
	Line    string       `json:"line"`
}

type findingDocument struct {
	Kind      plan.FindingKind `json:"kind"`
	Verdict   diag.Verdict     `json:"verdict"`             // fail, warn, or off for a fact
	Workspace string           `json:"workspace,omitempty"` // namespace/name
	Text      string           `json:"text"`
	Hint      string           `json:"hint,omitempty"`
}

// valuesDocument holds Values; a value that is unknown is absent, and a price that is unknown null.
type valuesDocument struct {
	Preset           string   `json:"preset,omitempty"`
	Model            string   `json:"model,omitempty"`
	Revision         string   `json:"revision,omitempty"`
	Runtime          string   `json:"runtime,omitempty"`
	Image            string   `json:"image,omitempty"`
	InstanceType     string   `json:"instanceType,omitempty"`
	Pool             string   `json:"pool,omitempty"`
	Region           string   `json:"region,omitempty"`
	Spot             bool     `json:"spot"`
	Nodes            int      `json:"nodes"`
	GPUs             int      `json:"gpus"`
	ContextLength    int      `json:"contextLength,omitempty"` // absent if the server chooses
	TensorParallel   int      `json:"tensorParallel,omitempty"`
	PipelineParallel int      `json:"pipelineParallel,omitempty"`
	DataParallel     int      `json:"dataParallel,omitempty"`
	Serves           bool     `json:"serves"`
	Endpoint         string   `json:"endpoint,omitempty"`
	HourlyCost       *float64 `json:"hourlyCost"`
	MonthlyCost      *float64 `json:"monthlyCost"`
}

type workspaceDocument struct {
	Namespace    string   `json:"namespace"`
	Name         string   `json:"name"`
	Op           plan.Op  `json:"op"`
	Source       string   `json:"source,omitempty"`
	Preset       string   `json:"preset,omitempty"`
	Model        string   `json:"model,omitempty"`
	Revision     string   `json:"revision,omitempty"` // of the model, or "unpinned"
	RemoteCode   bool     `json:"remoteCode,omitempty"`
	InstanceType string   `json:"instanceType,omitempty"`
	Nodes        int      `json:"nodes"`
	GPUs         int      `json:"gpus"`
	HourlyCost   *float64 `json:"hourlyCost"`
	MonthlyCost  *float64 `json:"monthlyCost"` // of 730 hours
	Pool         string   `json:"pool,omitempty"`
	Shared       bool     `json:"shared,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	Unplaced     string   `json:"unplaced,omitempty"`

	Before      *valuesDocument `json:"before"` // null for a Workspace that is new
	After       *valuesDocument `json:"after"`  // null for one that is deleted
	Interrupted bool            `json:"interrupted"`
	Held        string          `json:"held,omitempty"`
	HeldBy      hold.By         `json:"heldBy,omitempty"` // absent for a policy or a review

	Priority   string          `json:"priority,omitempty"` // absent for normal
	WaitsFor   []aheadDocument `json:"waitsFor,omitempty"`
	GivesWayTo string          `json:"givesWayTo,omitempty"` // namespace/name
	Interrupts []string        `json:"interrupts,omitempty"` // namespace/name

	Sizes []capacity.VerdictDocument `json:"sizes,omitempty"`

	Notes   []string `json:"notes,omitempty"`
	Blocked []string `json:"blocked,omitempty"`
}

// aheadDocument is a Workspace that goes before another one.
type aheadDocument struct {
	Workspace string `json:"workspace"` // namespace/name
	Reason    string `json:"reason"`
}

type changeDocument struct {
	Workspace string      `json:"workspace,omitempty"` // namespace/name
	Op        plan.Op     `json:"op"`
	Target    string      `json:"target"`
	Namespace string      `json:"namespace,omitempty"`
	Reason    string      `json:"reason,omitempty"`
	Cause     cause.Cause `json:"cause,omitempty"`
	Fields    []string    `json:"fields,omitempty"`
	Diff      string      `json:"diff,omitempty"`
	Cost      *float64    `json:"hourlyCost,omitempty"`
	Monthly   *float64    `json:"monthlyCost,omitempty"`
}

// costDocument holds US dollars per hour; null is unknown.
type costDocument struct {
	Before        *float64 `json:"before"`
	After         *float64 `json:"after"`
	MonthlyBefore *float64 `json:"monthlyBefore"`
	MonthlyAfter  *float64 `json:"monthlyAfter"`
	Raise         *float64 `json:"raise"` // in the end, of what is new
	PricesDate    string   `json:"pricesDate,omitempty"`
}

type quotaDocument struct {
	Family string   `json:"family"`
	Needed int      `json:"needed"`
	Used   *int     `json:"used"` // null is unknown
	Limit  *int     `json:"limit"`
	Pools  []string `json:"pools"`
	// Request is what to ask Azure for, in words with the command; "" if the limit is unknown.
	Request string `json:"request,omitempty"`
}

// Of returns a plan in the form that "-o json" prints.
func Of(p *plan.Plan) any {
	v := p.Verdict()
	d := document{
		APIVersion: wellknown.APIVersion,
		Kind:       "Plan",
		Cluster:    p.Cluster,
		Base:       p.Base,
		Head:       p.Head,
		Region:     p.Region,
		Verdict:    verdictDocument{v.Outcome, v.Line},
		Findings:   []findingDocument{},
		Summary: map[plan.Op]int{
			plan.Create: 0, plan.Update: 0, plan.Replace: 0, plan.Delete: 0, plan.NoOp: 0, plan.Hold: 0,
		},
		Workspaces: []workspaceDocument{},
		Changes:    []changeDocument{},
		Problems:   []diag.Diagnostic{},
		Warnings:   []diag.Diagnostic{},
		Notices:    append([]string{}, p.Warnings...),
		Quota:      []quotaDocument{},
		Cost: costDocument{
			usd(p.Cost.Before), usd(p.Cost.After), usd(p.Cost.Before.Monthly()), usd(p.Cost.After.Monthly()),
			usd(p.Cost.Raise), p.PricesDate,
		},
	}
	for _, f := range p.Findings {
		d.Findings = append(d.Findings, findingDocument{f.Kind, f.Verdict, nameOf(f.Workspace), f.Text, f.Hint})
	}
	for _, problem := range p.Problems {
		if problem.Severity == diag.Error {
			d.Problems = append(d.Problems, problem)
		} else {
			d.Warnings = append(d.Warnings, problem)
		}
	}
	for op, n := range p.Counts() {
		d.Summary[op] = n
	}
	for i := range p.Workspaces {
		w := p.Workspaces[i]
		d.Workspaces = append(d.Workspaces, workspaceOf(w))
	}
	for _, c := range p.Changes {
		out := changeDocument{
			Op:        c.Op,
			Target:    c.Target,
			Namespace: c.Namespace,
			Reason:    c.Reason,
			Cause:     c.Cause,
			Fields:    c.Fields,
			Diff:      c.Texts.Unified(),
			Workspace: nameOf(c.Workspace),
		}
		if c.Pool != nil {
			out.Cost, out.Monthly = usd(c.Cost), usd(c.Cost.Monthly())
		}
		d.Changes = append(d.Changes, out)
	}
	for _, s := range p.Quota {
		q := quotaDocument{Family: s.Family, Needed: s.Needed, Pools: s.Pools, Request: s.Request(p.Region)}
		if s.Limit.Known {
			q.Used, q.Limit = &s.Limit.Used, &s.Limit.Max
		}
		d.Quota = append(d.Quota, q)
	}
	return d
}

// nameOf is namespace/name, or "" for no Workspace.
func nameOf(k workspace.Key) string {
	if k == (workspace.Key{}) {
		return ""
	}
	return k.String()
}

// valuesOf returns the values; nil for those of a Workspace that a side does not have.
func valuesOf(v plan.Values) *valuesDocument {
	if v == (plan.Values{}) {
		return nil
	}
	return &valuesDocument{
		v.Preset, v.Model, v.Revision, v.Runtime, v.Image, v.InstanceType, v.Pool, v.Region, v.Spot, v.Nodes, v.GPUs,
		v.ContextLength, v.TensorParallel, v.PipelineParallel, v.DataParallel, v.Serves, v.Endpoint,
		usd(v.HourlyCost), usd(v.HourlyCost.Monthly()),
	}
}

func workspaceOf(w *plan.Workspace) workspaceDocument {
	out := workspaceDocument{
		Namespace:    w.Key.Namespace,
		Name:         w.Key.Name,
		Op:           w.Op,
		Source:       w.Source,
		Preset:       w.Preset,
		Model:        w.Model.Repo,
		Revision:     w.Model.Revision,
		RemoteCode:   w.Model.RemoteCode,
		InstanceType: w.InstanceType,
		Nodes:        w.Nodes,
		GPUs:         w.GPUs,
		HourlyCost:   usd(w.HourlyCost),
		MonthlyCost:  usd(w.HourlyCost.Monthly()),
		Pool:         w.Pool,
		Shared:       w.Shared,
		Reason:       w.Reason,
		Unplaced:     w.Unplaced,
		Before:       valuesOf(w.Before),
		After:        valuesOf(w.After),
		Interrupted:  w.Interrupted,
		Held:         w.Held,
		HeldBy:       w.HeldBy,
		Notes:        w.Notes,
		Blocked:      w.Blocked,
	}
	if w.Priority != workspace.Normal {
		out.Priority = string(w.Priority)
	}
	for _, a := range w.WaitsFor {
		out.WaitsFor = append(out.WaitsFor, aheadDocument{a.Workspace.String(), a.Why})
	}
	for _, v := range w.Sizes {
		out.Sizes = append(out.Sizes, v.Document())
	}
	if w.GivesWay != (workspace.Key{}) {
		out.GivesWayTo = w.GivesWay.String()
	}
	for _, k := range w.Interrupts {
		out.Interrupts = append(out.Interrupts, k.String())
	}
	return out
}

func usd(c capacity.Cost) *float64 {
	if !c.Known {
		return nil
	}
	usd := math.Round(c.USD*1e4) / 1e4 // prices have four decimals at most
	return &usd
}

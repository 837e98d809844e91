package plan

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// document is the plan as "-o json" prints it.
type document struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Cluster    string              `json:"cluster"`
	Base       string              `json:"base"`
	Head       string              `json:"head"`
	Summary    map[Op]int          `json:"summary"`
	Workspaces []workspaceDocument `json:"workspaces"`
	Changes    []changeDocument    `json:"changes"`
	Problems   []workspace.Problem `json:"problems"`
	Warnings   []string            `json:"warnings"`
	Cost       costDocument        `json:"cost"`
	Quota      []quotaDocument     `json:"quota"`
}

type workspaceDocument struct {
	Namespace    string   `json:"namespace"`
	Name         string   `json:"name"`
	Op           Op       `json:"op"`
	Source       string   `json:"source,omitempty"`
	Preset       string   `json:"preset,omitempty"`
	InstanceType string   `json:"instanceType,omitempty"`
	Nodes        int      `json:"nodes"`
	GPUs         int      `json:"gpus"`
	HourlyCost   *float64 `json:"hourlyCost"`
	Pool         string   `json:"pool,omitempty"`
	Shared       bool     `json:"shared,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	Unplaced     string   `json:"unplaced,omitempty"`
	Notes        []string `json:"notes,omitempty"`
	Blocked      []string `json:"blocked,omitempty"`
}

type changeDocument struct {
	Workspace string   `json:"workspace,omitempty"` // namespace/name
	Op        Op       `json:"op"`
	Target    string   `json:"target"`
	Namespace string   `json:"namespace,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Fields    []string `json:"fields,omitempty"`
	Diff      string   `json:"diff,omitempty"`
	Cost      *float64 `json:"hourlyCost,omitempty"`
}

// costDocument holds US dollars per hour; null is unknown.
type costDocument struct {
	Before *float64 `json:"before"`
	After  *float64 `json:"after"`
}

type quotaDocument struct {
	Family string   `json:"family"`
	Needed int      `json:"needed"`
	Used   *int     `json:"used"` // null is unknown
	Limit  *int     `json:"limit"`
	Pools  []string `json:"pools"`
}

// Document returns the plan in the form that "-o json" prints.
func (p *Plan) Document() any {
	d := document{
		APIVersion: "syncer.dev/v1", Kind: "Plan", Cluster: p.Cluster, Base: p.Base, Head: p.Head,
		Summary:    map[Op]int{Create: 0, Update: 0, Replace: 0, Delete: 0, NoOp: 0, Hold: 0},
		Workspaces: []workspaceDocument{}, Changes: []changeDocument{}, Problems: append([]workspace.Problem{}, p.Problems...),
		Warnings: append([]string{}, p.Warnings...), Quota: []quotaDocument{},
		Cost: costDocument{usd(p.Cost.Before), usd(p.Cost.After)},
	}
	for op, n := range p.Counts() {
		d.Summary[op] = n
	}
	for _, w := range p.Workspaces {
		d.Workspaces = append(d.Workspaces, workspaceDocument{
			w.Key.Namespace, w.Key.Name, w.Op, w.Source, w.Preset, w.InstanceType, w.Nodes, w.GPUs, usd(w.HourlyCost),
			w.Pool, w.Shared, w.Reason, w.Unplaced, w.Notes, w.Blocked,
		})
	}
	for _, c := range p.Changes {
		out := changeDocument{Op: c.Op, Target: c.Target, Namespace: c.Namespace, Reason: c.Reason, Fields: c.Fields, Diff: c.Diff}
		if c.Workspace != (workspace.Key{}) {
			out.Workspace = c.Workspace.String()
		}
		if c.Pool != nil {
			out.Cost = usd(c.Cost)
		}
		d.Changes = append(d.Changes, out)
	}
	for _, s := range p.Quota {
		q := quotaDocument{Family: s.Family, Needed: s.Needed, Pools: s.Pools}
		if s.Limit.Known {
			q.Used, q.Limit = &s.Limit.Used, &s.Limit.Max
		}
		d.Quota = append(d.Quota, q)
	}
	return d
}

func usd(c capacity.Cost) *float64 {
	if !c.Known {
		return nil
	}
	return &c.USD
}

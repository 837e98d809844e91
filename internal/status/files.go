// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"path"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Summary is the content of the status files of one cluster.
type Summary struct {
	Cluster  string
	Links    weblink.Links // of the source
	Reports  []*Report     // in the order of their keys
	Problems []diag.Diagnostic
	Pools    []Pool // owned
	// Unavailable lists unavailable offerings. After a restart syncer reads them from the status branch.
	Unavailable unavailable.Offerings
	Warnings    []string // what was held back
	PricesDate  string   // of all prices; "" if unknown
	Objects     []Object // in the order of Object.Compare
	// ObjectsFile names the file that lists an object, by the namespace of the object; nil: one file lists all.
	ObjectsFile func(namespace string) string
}

// The files of a cluster's folder in addition to those of the Workspaces.
const (
	OverviewFile = "README.md"
	CapacityFile = "capacity.yaml"
)

// APIVersion is that of the status files, and of everything that syncer prints as JSON.
const APIVersion = wellknown.APIVersion

// clean returns a Summary whose text is fit to be shown, without the Reports: each is cleaned when it is shown.
func (s Summary) clean() Summary {
	s.Cluster, s.Reports, s.PricesDate = word(s.Cluster), nil, word(s.PricesDate)
	s.Pools, s.Objects = head(s.Pools, Pool.clean), head(s.Objects, Object.clean)
	return s
}

// FileName returns the path of a Workspace's file in its cluster's folder.
func FileName(k workspace.Key) string { return path.Join(k.Namespace, k.Name+".yaml") }

// document is a status file, in the order in which people read it.
type document struct {
	APIVersion string       `yaml:"apiVersion" json:"apiVersion"`
	Kind       string       `yaml:"kind" json:"kind"`
	Metadata   metadata     `yaml:"metadata,flow" json:"metadata"`
	Status     statusFields `yaml:"status" json:"status"`
}

type metadata struct {
	Namespace string `yaml:"namespace" json:"namespace"`
	Name      string `yaml:"name" json:"name"`
}

type statusFields struct {
	State           State             `yaml:"state" json:"state"`
	ObservedCommit  string            `yaml:"observedCommit,omitempty" json:"observedCommit,omitempty"`
	Inputs          string            `yaml:"inputs,omitempty" json:"inputs,omitempty"`
	DesiredCommit   string            `yaml:"desiredCommit,omitempty" json:"desiredCommit,omitempty"`
	DesiredInputs   string            `yaml:"desiredInputs,omitempty" json:"desiredInputs,omitempty"`
	CarriedOut      *carriedOut       `yaml:"carriedOut,omitempty" json:"carriedOut,omitempty"`
	Source          string            `yaml:"source,omitempty" json:"source,omitempty"`
	Model           string            `yaml:"model,omitempty" json:"model,omitempty"`
	Revision        string            `yaml:"revision,omitempty" json:"revision,omitempty"`
	Runtime         string            `yaml:"runtime,omitempty" json:"runtime,omitempty"`
	FirstSeen       string            `yaml:"firstSeen,omitempty" json:"firstSeen,omitempty"`
	InstanceType    string            `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Why             string            `yaml:"why,omitempty" json:"why,omitempty"`
	TargetNodeCount int               `yaml:"targetNodeCount,omitempty" json:"targetNodeCount,omitempty"`
	WorkerNodes     []string          `yaml:"workerNodes,flow,omitempty" json:"workerNodes,omitempty"`
	Conditions      []conditionFields `yaml:"conditions,omitempty" json:"conditions,omitempty"`
	Pools           []poolFields      `yaml:"pools,omitempty" json:"pools,omitempty"`
	Endpoint        string            `yaml:"endpoint,omitempty" json:"endpoint,omitempty"`
	HourlyCost      string            `yaml:"hourlyCost,omitempty" json:"hourlyCost,omitempty"`
	MonthlyCost     string            `yaml:"monthlyCost,omitempty" json:"monthlyCost,omitempty"`
	PricesDate      string            `yaml:"pricesDate,omitempty" json:"pricesDate,omitempty"`
	Objects         []string          `yaml:"objects,flow,omitempty" json:"objects,omitempty"`
	Output          *Output           `yaml:"output,omitempty" json:"output,omitempty"`
}

// carriedOut is what reviews are compared with.
type carriedOut struct {
	Digest       string `yaml:"digest" json:"digest"`
	InstanceType string `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Region       string `yaml:"region,omitempty" json:"region,omitempty"`
	Spot         bool   `yaml:"spot,omitempty" json:"spot,omitempty"`
	Nodes        int    `yaml:"nodes,omitempty" json:"nodes,omitempty"`
}

type conditionFields struct {
	Type               string `yaml:"type" json:"type"`
	Status             string `yaml:"status" json:"status"`
	Reason             string `yaml:"reason" json:"reason"`
	Message            string `yaml:"message" json:"message"`
	LastTransitionTime string `yaml:"lastTransitionTime" json:"lastTransitionTime"`
}

type poolFields struct {
	Name         string `yaml:"name" json:"name"`
	State        string `yaml:"state" json:"state"`
	Nodes        int    `yaml:"nodes" json:"nodes"`
	Shared       bool   `yaml:"shared,omitempty" json:"shared,omitempty"`
	InstanceType string `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Workspace    string `yaml:"workspace,omitempty" json:"workspace,omitempty"`
	Error        string `yaml:"error,omitempty" json:"error,omitempty"`
	NotReleased  string `yaml:"notReleased,omitempty" json:"notReleased,omitempty"`
	Since        string `yaml:"since,omitempty" json:"since,omitempty"`
	HourlyCost   string `yaml:"hourlyCost,omitempty" json:"hourlyCost,omitempty"`
	MonthlyCost  string `yaml:"monthlyCost,omitempty" json:"monthlyCost,omitempty"`
}

const digestPrefix = "sha256:"

// document returns the Report as it may be shown.
func (r Report) document() document { return r.clean().fields() }

// fields returns a Report that is clean as a file has it.
func (r Report) fields() document {
	d := document{
		APIVersion: APIVersion, Kind: "WorkspaceStatus", Metadata: metadata{r.Namespace, r.Name},
		Status: statusFields{
			State:           r.State,
			ObservedCommit:  r.ObservedCommit,
			DesiredCommit:   r.DesiredCommit,
			Source:          r.Source,
			Model:           r.Model,
			Revision:        r.Revision,
			Runtime:         r.Runtime,
			InstanceType:    r.InstanceType,
			Why:             r.Why,
			TargetNodeCount: r.TargetNodeCount,
			WorkerNodes:     r.WorkerNodes,
			Endpoint:        r.Endpoint,
			HourlyCost:      r.HourlyCost,
			MonthlyCost:     r.MonthlyCost,
			PricesDate:      r.PricesDate,
			Objects:         r.Objects,
			Output:          r.Output,
		},
	}
	if r.Inputs != "" {
		d.Status.Inputs = digestPrefix + r.Inputs
	}
	if r.DesiredInputs != "" {
		d.Status.DesiredInputs = digestPrefix + r.DesiredInputs
	}
	if c := r.CarriedOut; c.Digest != "" {
		d.Status.CarriedOut = &carriedOut{c.Digest, c.InstanceType, c.Region, c.Spot, c.Nodes}
	}
	if !r.FirstSeen.IsZero() {
		d.Status.FirstSeen = r.FirstSeen.UTC().Format(time.RFC3339)
	}
	for _, c := range r.Conditions {
		d.Status.Conditions = append(
			d.Status.Conditions,
			conditionFields{c.Type, c.Status, c.Reason, c.Message, c.LastTransitionTime.UTC().Format(time.RFC3339)},
		)
	}
	for _, p := range r.Pools {
		d.Status.Pools = append(d.Status.Pools, poolFields{Name: p.Name, State: p.State, Nodes: p.Nodes, Shared: p.Shared})
	}
	return d
}

// YAML returns the Workspace's status file.
func (r Report) YAML() []byte { return encode(r.document()) }

// Document returns the Report in the form that "-o json" prints.
func (r Report) Document() any { return r.document() }

func encode(v any) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil { // plain values: cannot happen
		return nil
	}
	return b.Bytes()
}

// PoolOf returns a live pool as capacity.yaml shows it.
func PoolOf(p capacity.LivePool) Pool {
	out := Pool{
		Name:         p.Name,
		State:        string(p.State),
		Nodes:        p.Count,
		InstanceType: p.Size,
		Shared:       p.Shared(),
	}
	if !p.Shared() {
		out.Workspace = p.Workspace.String()
	}
	if p.ErrorCode != "" {
		out.Error = Redact(p.ErrorCode + ": " + p.Error)
	}
	return out
}

// capacityFields is capacity.yaml.
type capacityFields struct {
	APIVersion  string              `yaml:"apiVersion"`
	Kind        string              `yaml:"kind"`
	Cluster     string              `yaml:"cluster"`
	PricesDate  string              `yaml:"pricesDate,omitempty"`
	Pools       []poolFields        `yaml:"pools"`
	Unavailable []unavailable.Entry `yaml:"unavailable,omitempty"`
}

const capacityKind = "CapacityStatus"

func capacityYAML(s Summary) []byte {
	pools := []poolFields{}
	for _, p := range s.Pools {
		pools = append(pools, p.fields())
	}
	blocks := slices.Clone(s.Unavailable.Entries)
	for i := range blocks {
		blocks[i].Reason, blocks[i].Code = message(blocks[i].Reason), word(blocks[i].Code)
	}
	return encode(capacityFields{APIVersion, capacityKind, s.Cluster, s.PricesDate, pools, blocks})
}

// Price sets the cost of the pool: of an hour, and of a month beside it.
func (p *Pool) Price(hourly capacity.Cost) {
	p.HourlyCost, p.MonthlyCost = hourly.String(), hourly.Monthly().String()
}

// price sets the cost of the nodes of a Workspace, or none.
func (r *Report) price(hourly capacity.Cost, bought bool) {
	if bought {
		r.HourlyCost, r.MonthlyCost = hourly.String(), hourly.Monthly().String()
	}
}

// fields returns a pool as capacity.yaml has it.
func (p Pool) fields() poolFields {
	f := poolFields{
		Name:         p.Name,
		State:        p.State,
		Nodes:        p.Nodes,
		Shared:       p.Shared,
		InstanceType: p.InstanceType,
		Workspace:    p.Workspace,
		Error:        p.Error,
		NotReleased:  p.NotReleased,
		HourlyCost:   p.HourlyCost,
		MonthlyCost:  p.MonthlyCost,
	}
	if !p.Since.IsZero() {
		f.Since = p.Since.UTC().Format(time.RFC3339)
	}
	return f
}

// NotReleasedSince reads from capacity.yaml since when pools that no Workspace needs are not given back, by name.
// A time after now, or none, is left out: another client may have written it.
func NotReleasedSince(capacityFile []byte, now time.Time) map[string]time.Time {
	var f capacityFields
	if err := decode(capacityFile, &f); err != nil || f.Kind != capacityKind {
		return nil
	}
	out := map[string]time.Time{}
	for _, p := range f.Pools {
		if t, err := time.Parse(time.RFC3339, p.Since); err == nil && !t.After(now) && p.NotReleased != "" {
			out[p.Name] = t.UTC()
		}
	}
	return out
}

// UnavailableFrom reads the unavailable offerings from capacity.yaml. An unreadable file lists none: Azure will
// refuse them again. Another client may have written it: no entry lasts longer than one that is recorded now.
func UnavailableFrom(capacityFile []byte, now time.Time) unavailable.Offerings {
	var f capacityFields
	if err := decode(capacityFile, &f); err != nil || f.Kind != capacityKind {
		return unavailable.Offerings{}
	}
	for i := range f.Unavailable {
		e := &f.Unavailable[i]
		e.Reason, e.Code = message(e.Reason), word(e.Code)
		e.Family, e.Size, e.Zone = word(e.Family), word(e.Size), word(e.Zone)
	}
	return unavailable.Recalled(f.Unavailable, now)
}

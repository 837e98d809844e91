// SPDX-License-Identifier: Apache-2.0

package status

import (
	"path"
	"slices"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status/fields"
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

const digestPrefix = "sha256:"

// document returns the Report as it may be shown.
func (r Report) document() fields.Document { return r.clean().fields() }

// fields returns a Report that is clean as a file has it.
func (r Report) fields() fields.Document {
	d := fields.Document{
		APIVersion: APIVersion, Kind: "WorkspaceStatus", Metadata: fields.Metadata{Namespace: r.Namespace, Name: r.Name},
		Status: fields.Status{
			State:           string(r.State),
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
		d.Status.CarriedOut = &fields.CarriedOut{
			Digest: c.Digest, InstanceType: c.InstanceType, Region: c.Region, Spot: c.Spot, Nodes: c.Nodes,
		}
	}
	if !r.FirstSeen.IsZero() {
		d.Status.FirstSeen = r.FirstSeen.UTC().Format(time.RFC3339)
	}
	for _, c := range r.Conditions {
		d.Status.Conditions = append(d.Status.Conditions, fields.Condition{
			Type:               c.Type,
			Status:             c.Status,
			Reason:             c.Reason,
			Message:            c.Message,
			LastTransitionTime: c.LastTransitionTime.UTC().Format(time.RFC3339),
		})
	}
	for _, p := range r.Pools {
		d.Status.Pools = append(d.Status.Pools, fields.Pool{Name: p.Name, State: p.State, Nodes: p.Nodes, Shared: p.Shared})
	}
	return d
}

// YAML returns the Workspace's status file.
func (r Report) YAML() []byte { return new(r.document()).Append(nil) }

// Document returns the Report in the form that "-o json" prints.
func (r Report) Document() any { return r.document() }

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
	Pools       []fields.Pool       `yaml:"pools"`
	Unavailable []unavailable.Entry `yaml:"unavailable,omitempty"`
}

const capacityKind = "CapacityStatus"

func capacityYAML(s Summary) []byte {
	pools := []fields.Pool{}
	for _, p := range s.Pools {
		pools = append(pools, p.fields())
	}
	blocks := slices.Clone(s.Unavailable.Entries)
	for i := range blocks {
		blocks[i].Reason, blocks[i].Code = message(blocks[i].Reason), word(blocks[i].Code)
	}
	return fields.Encode(capacityFields{APIVersion, capacityKind, s.Cluster, s.PricesDate, pools, blocks})
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
func (p Pool) fields() fields.Pool {
	f := fields.Pool{
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
	if err := fields.Decode(capacityFile, &f); err != nil || f.Kind != capacityKind {
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
	if err := fields.Decode(capacityFile, &f); err != nil || f.Kind != capacityKind {
		return unavailable.Offerings{}
	}
	for i := range f.Unavailable {
		e := &f.Unavailable[i]
		e.Reason, e.Code = message(e.Reason), word(e.Code)
		e.Family, e.Size, e.Zone = word(e.Family), word(e.Size), word(e.Zone)
	}
	return unavailable.Recalled(f.Unavailable, now)
}

package status

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Summary is all that is said about one cluster.
type Summary struct {
	Cluster  string
	Reports  []Report // in the order of their keys
	Problems []workspace.Problem
	Pools    []Pool // ours
	// Unavailable is what is known not to be had, for the next process to go on from.
	Unavailable capacity.Unavailable
	Warnings    []string // what was held back
}

// The files beside those of the Workspaces.
const (
	readmeFile   = "README.md"
	capacityFile = "capacity.yaml"
)

// APIVersion is that of the status files, and of everything that syncer prints as JSON.
const APIVersion = "syncer.dev/v1"

// Files returns the files of a cluster's folder, by path. The bytes follow from the values alone.
func Files(s Summary) map[string][]byte {
	out := map[string][]byte{readmeFile: readme(s), capacityFile: capacityYAML(s)}
	for _, r := range s.Reports {
		out[FileName(r.Key)] = r.YAML()
	}
	return out
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
	Source          string            `yaml:"source,omitempty" json:"source,omitempty"`
	InstanceType    string            `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	TargetNodeCount int               `yaml:"targetNodeCount,omitempty" json:"targetNodeCount,omitempty"`
	WorkerNodes     []string          `yaml:"workerNodes,flow,omitempty" json:"workerNodes,omitempty"`
	Conditions      []conditionFields `yaml:"conditions,omitempty" json:"conditions,omitempty"`
	Pools           []poolFields      `yaml:"pools,omitempty" json:"pools,omitempty"`
	Endpoint        string            `yaml:"endpoint,omitempty" json:"endpoint,omitempty"`
	HourlyCost      string            `yaml:"hourlyCost,omitempty" json:"hourlyCost,omitempty"`
	Objects         []string          `yaml:"objects,flow,omitempty" json:"objects,omitempty"`
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
}

const digestPrefix = "sha256:"

func (r Report) document() document {
	d := document{
		APIVersion: APIVersion, Kind: "WorkspaceStatus", Metadata: metadata{r.Namespace, r.Name},
		Status: statusFields{
			State: r.State, ObservedCommit: r.ObservedCommit, Source: r.Source, InstanceType: r.InstanceType,
			TargetNodeCount: r.TargetNodeCount, WorkerNodes: r.WorkerNodes, Endpoint: r.Endpoint, HourlyCost: r.HourlyCost, Objects: r.Objects,
		},
	}
	if r.Inputs != "" {
		d.Status.Inputs = digestPrefix + r.Inputs
	}
	for _, c := range r.Conditions {
		d.Status.Conditions = append(d.Status.Conditions, conditionFields{c.Type, c.Status, c.Reason, c.Message, c.LastTransitionTime.UTC().Format(time.RFC3339)})
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

// Parse reads a Workspace's status file.
func Parse(data []byte) (Report, error) {
	var d document
	if err := yaml.Unmarshal(data, &d); err != nil {
		return Report{}, fmt.Errorf("read status: %w", err)
	}
	if d.Kind != "WorkspaceStatus" {
		return Report{}, fmt.Errorf("read status: kind is %q, not WorkspaceStatus", d.Kind)
	}
	s := d.Status
	r := Report{
		Key: workspace.Key{Namespace: d.Metadata.Namespace, Name: d.Metadata.Name}, State: s.State, ObservedCommit: s.ObservedCommit,
		Inputs: strings.TrimPrefix(s.Inputs, digestPrefix), Source: s.Source, InstanceType: s.InstanceType, TargetNodeCount: s.TargetNodeCount,
		WorkerNodes: s.WorkerNodes, Endpoint: s.Endpoint, HourlyCost: s.HourlyCost, Objects: s.Objects,
	}
	for _, c := range s.Conditions {
		t, _ := time.Parse(time.RFC3339, c.LastTransitionTime)
		r.Conditions = append(r.Conditions, Condition{c.Type, c.Status, c.Reason, c.Message, t})
	}
	for _, p := range s.Pools {
		r.Pools = append(r.Pools, Pool{Name: p.Name, State: p.State, Nodes: p.Nodes, Shared: p.Shared})
	}
	return r, nil
}

// FromFiles reads the Reports of a cluster's folder. Files that are no status files are passed over: somebody may have put
// them there.
func FromFiles(files map[string][]byte) []Report {
	var out []Report
	for name, data := range files {
		if path.Ext(name) != ".yaml" || path.Dir(name) == "." {
			continue
		}
		if r, err := Parse(data); err == nil {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Report) int { return a.Key.Compare(b.Key) })
	return out
}

// PoolOf returns a live pool as capacity.yaml shows it.
func PoolOf(p capacity.LivePool) Pool {
	out := Pool{Name: p.Name, State: string(p.State), Nodes: p.Count, InstanceType: p.Size, Shared: p.Shared()}
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
	APIVersion  string           `yaml:"apiVersion"`
	Kind        string           `yaml:"kind"`
	Cluster     string           `yaml:"cluster"`
	Pools       []poolFields     `yaml:"pools"`
	Unavailable []capacity.Block `yaml:"unavailable,omitempty"`
}

const capacityKind = "CapacityStatus"

func capacityYAML(s Summary) []byte {
	pools := []poolFields{}
	for _, p := range s.Pools {
		pools = append(pools, poolFields(p))
	}
	blocks := slices.Clone(s.Unavailable.Blocks)
	for i := range blocks {
		blocks[i].Reason = Redact(blocks[i].Reason)
	}
	return encode(capacityFields{APIVersion, capacityKind, s.Cluster, pools, blocks})
}

// UnavailableFrom reads what a cluster's folder says cannot be had. A file that cannot be read tells nothing: it will be
// learned again.
func UnavailableFrom(files map[string][]byte) capacity.Unavailable {
	var f capacityFields
	if err := yaml.Unmarshal(files[capacityFile], &f); err != nil || f.Kind != capacityKind {
		return capacity.Unavailable{}
	}
	return capacity.UnavailableOf(f.Unavailable)
}

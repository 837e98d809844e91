// SPDX-License-Identifier: Apache-2.0

package sizes

import (
	"context"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/why"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
)

// Request says what to size: the Workspaces of Path, or Preset.
type Request struct {
	Path         string         // file or folder
	Preset       *preset.Preset // nil: Path
	Method       preset.Method  // of tuning the preset; "" for inference
	InstanceType string         // VM size to use; "" for that of the Workspace, or one that syncer chooses
	Context      int            // longest sequence, in tokens; 0 for that of the settings or the model
	Existing     Existing       // nodes that ByKAITO counts with
}

// Answer sizes each Workspace of the Path, or the Preset. A request without a size has an error in its answer; warnings
// are about all files of the Path. The error is about files that cannot be read, or answer.NoError.
func Answer(ctx context.Context, reader source.Reader, r Request) (sizes []answer.Size, warnings diag.List, err error) {
	policy := source.PolicyOf(reader.Config)
	if r.Preset != nil {
		return []answer.Size{r.ofPreset(policy)}, nil, nil
	}
	in, err := r.read(reader)
	if err != nil {
		return nil, nil, err
	}
	policy.Context = r.Context
	d, _, err := engine.Offline(ctx, in, policy)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range d.Problems {
		if p.Severity == diag.Warning {
			warnings = append(warnings, p)
		}
	}
	sizes = make([]answer.Size, len(d.Workloads))
	for i := range d.Workloads {
		sizes[i] = ofWorkload(d.Workloads[i], in, policy, d.Problems)
	}
	return sizes, warnings, nil
}

// read reads the Path, which holds Workspaces, and gives them the size to use.
func (r Request) read(reader source.Reader) (desired.Input, error) {
	inputs, err := reader.ReadPaths([]string{r.Path})
	if err != nil {
		return desired.Input{}, err
	}
	in := inputs[0]
	if len(in.Set.Workspaces) == 0 {
		return in, answer.No("no Workspace in %s", r.Path)
	}
	if r.InstanceType != "" {
		for i := range in.Set.Workspaces {
			in.Set.Workspaces[i].Resource.InstanceType = r.InstanceType
		}
	}
	return in, nil
}

// ofWorkload answers for one Workspace: the nodes that it gets, or the first error that keeps it from running.
func ofWorkload(w *desired.Workload, in desired.Input, policy desired.Policy, problems diag.List) answer.Size {
	p, _ := in.Catalog.Lookup(w.Workspace.PresetName())
	r := desired.RequestFor(w.Workspace, in.Set, p, policy)
	s := sizeOf(r)
	for _, no := range problems {
		if no.Severity == diag.Error && workspace.Concerns(no, w.Workspace) {
			s.Error, s.Reason, s.Hint, s.InstanceType = no.String(), no.Reason, no.Hint, w.Workspace.Resource.InstanceType
			return s
		}
	}
	use(&s, w.Demand, r, policy.NodeSource())
	if w.Assumed != "" {
		s.Notes = append(s.Notes, w.Assumed)
	}
	return s
}

// use fills in the nodes of a request, the quota that they need, and the sizes that it does not take.
func use(s *answer.Size, d capacity.Demand, r sizing.Request, from desired.NodeSource) {
	s.Use(d)
	s.NeedQuota(from.Quota(d.Options[0].SKU, capacity.PriorityOf(r.Spot)), d.Options[0], r.Region)
	if s.Preset != "" {
		s.Reject(from.Evaluate(r))
	}
}

// ofPreset answers for a preset without a Workspace.
func (r Request) ofPreset(policy desired.Policy) answer.Size {
	asked := r.asked(sizing.Request{Preset: *r.Preset, InstanceType: r.InstanceType}, policy)
	s := sizeOf(asked)
	d, err := policy.NodeSource().Size(asked)
	if err == nil {
		d, err = why.Within(d, asked, policy)
	}
	if err != nil {
		s.InstanceType = r.InstanceType
		s.Refuse(err)
		return s
	}
	use(&s, d, asked, policy.NodeSource())
	return s
}

// asked adds what the configuration and the flags say.
func (r Request) asked(to sizing.Request, policy desired.Policy) sizing.Request {
	to.Region, to.RetiredSizes = policy.Region, policy.RetiredSizes // in every mode
	to.Limits, to.Prices = policy.Limits, policy.Prices
	if r.Context > 0 {
		to.Context = r.Context
	}
	if r.Method != "" {
		to.Tuning, to.Method = true, r.Method
	}
	return to
}

// sizeOf begins the answer to a request.
func sizeOf(r sizing.Request) answer.Size {
	s := answer.Size{
		Preset:       r.Preset.Name,
		Alternatives: []answer.Alternative{},
		DiskGiB:      sizing.DiskFor(r.Preset, r.Tuning),
		Tuning:       r.Tuning,
	}
	if r.Workspace != (workspace.Key{}) {
		s.Workspace = r.Workspace.String()
	}
	return s
}

// SPDX-License-Identifier: Apache-2.0

// Package values says what a reviewer compares of a Workspace: the model, its size, its nodes, its endpoint. They
// follow from its desired state, or from what is live, as far as that shows them. What is unknown stays zero.
package values

import (
	"cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Values are what a reviewer compares of a Workspace, before and after a change. The zero value stands for a Workspace
// that does not exist on that side.
type Values struct {
	Preset   string
	Model    string // repository of the weights
	Revision string // commit of the weights, or desired.Unpinned
	Runtime  string
	Image    string // of the main container, with its tag

	InstanceType string
	Pool         string // agent pool; "" for other nodes
	Region       string
	Spot         bool
	Nodes        int
	GPUs         int // of all nodes

	ContextLength    int // tokens; 0 if the server chooses
	TensorParallel   int
	PipelineParallel int
	DataParallel     int // copies of the model on the GPUs of a node; 0 for one

	// Serves reports whether others send requests to it: it is an inference server that is not suspended.
	Serves bool
	// Endpoint is the address of its Service, "http://phi-4.default.svc:80"; "" for none.
	Endpoint string

	HourlyCost capacity.Cost
}

// Asked returns what a Workspace has once its desired state is carried out. pools are all desired pools: a Workspace
// that moves has the nodes of the pool to which it moves.
func Asked(w *desired.Workload, policy desired.Policy, pools []capacity.Pool) Values {
	v := Values{
		Preset:        w.Workspace.PresetName(),
		Model:         w.Model.Repo,
		Revision:      w.Model.Revision,
		Runtime:       RuntimeOf(w.Workspace),
		ContextLength: w.Context,
	}
	if len(w.Blocked) > 0 || w.Waiting != "" && w.Binding.Next == "" {
		return v
	}
	f := w.Bundle.Facts(w.Key)
	v.Image, v.Endpoint, v.DataParallel = f.Image, f.Endpoint, f.DataParallel
	v.ContextLength = cmp.Or(w.Context, f.ContextLength)
	v.Serves = w.Workspace.Inference != nil && !w.Workspace.Suspended() && !w.Placement.Paused

	at := w.Placement
	v.Pool = cmp.Or(w.Binding.Next, w.Binding.Pool)
	v.InstanceType, v.Spot, v.HourlyCost = at.InstanceType, w.Workspace.Spot(), w.Binding.Cost
	v.Nodes, v.GPUs = at.Nodes, at.Nodes*at.GPUsPerNode
	v.TensorParallel, v.PipelineParallel = at.TensorParallel, at.PipelineParallel
	if w.NodePool != nil {
		v.HourlyCost = w.NodePool.HourlyCost
	}
	for i := range pools {
		if p := &pools[i]; w.Binding.Next != "" && p.Name == w.Binding.Next {
			v.move(w.Demand, p.SKU.Name)
		}
	}
	if policy.NodeSource().Buys() {
		v.Region = policy.Region
	}
	if w.Workspace.Suspended() || at.Paused || w.Finished {
		v.Nodes, v.GPUs, v.HourlyCost = 0, 0, capacity.Cost{Known: true}
	}
	return v
}

// move puts the Workspace on nodes of another size.
func (v *Values) move(d capacity.Demand, size string) {
	for _, options := range [][]capacity.Option{d.Shares, d.Options} {
		for _, o := range options {
			if o.SKU.Name == size {
				v.InstanceType, v.Nodes, v.GPUs, v.HourlyCost = size, o.Nodes, o.Nodes*o.GPUsPerNode, o.HourlyCost
				v.TensorParallel, v.PipelineParallel = o.TensorParallel, o.PipelineParallel
				if v.DataParallel = 0; o.DataParallel > 1 && o.Nodes == 1 && v.Runtime == string(preset.VLLM) {
					v.DataParallel = o.DataParallel
				}
				return
			}
		}
	}
}

// Stay gives the Workspace the place of other values: the pool with all that follows from the size of its nodes. Their
// number and their cost stay.
func (v *Values) Stay(at Values) {
	v.InstanceType, v.Pool, v.Region, v.Spot = at.InstanceType, at.Pool, at.Region, at.Spot
	v.TensorParallel, v.PipelineParallel, v.DataParallel = at.TensorParallel, at.PipelineParallel, at.DataParallel
}

// RuntimeOf returns the server that a Workspace runs its model with; "" for a tuning and for a pod template.
func RuntimeOf(w *workspace.Workspace) string {
	switch {
	case w.Inference == nil || w.Inference.Preset == nil:
		return ""
	case w.Transformers():
		return string(preset.Transformers)
	}
	return string(preset.VLLM)
}

// In returns the values of a source that counts as carried out.
func In(base desired.Desired, policy desired.Policy) map[workspace.Key]Values {
	out := make(map[workspace.Key]Values, len(base.Workloads))
	for i := range base.Workloads {
		w := base.Workloads[i]
		out[w.Key] = Asked(w, policy, base.Fleet.Pools)
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/diag"
)

// Size is the answer for one Workspace or preset: an item of a SizeList, and with a header a Size.
type Size struct {
	Workspace        string          `json:"workspace"`
	Preset           string          `json:"preset"`
	InstanceType     string          `json:"instanceType"`
	GPUsPerNode      int             `json:"gpusPerNode"`
	Nodes            int             `json:"nodes"`
	GPUs             int             `json:"gpus"`
	TensorParallel   int             `json:"tensorParallel"`
	PipelineParallel int             `json:"pipelineParallel"`
	DataParallel     int             `json:"dataParallel,omitempty"`
	Memory           capacity.Memory `json:"memory"`
	DiskGiB          int             `json:"diskGiB,omitempty"`
	HourlyCost       *float64        `json:"hourlyCost"`            // US dollars; null when unknown
	MonthlyCost      *float64        `json:"monthlyCost"`           // of capacity.HoursPerMonth
	Alternatives     []Alternative   `json:"alternatives,omitzero"` // nil, and so absent, in a SizeList without --all
	Quota            *Quota          `json:"quota,omitempty"`       // that the answer needs
	Shares           []Alternative   `json:"shares,omitempty"`      // parts of nodes that Workspaces share
	NotTaken         []NotTaken      `json:"notTaken,omitempty"`
	Notes            []string        `json:"notes,omitempty"`
	Error            string          `json:"error,omitempty"`
	Reason           diag.Reason     `json:"reason,omitempty"` // of the error
	Hint             string          `json:"hint,omitempty"`

	GPU    string `json:"-"` // of a node, such as "1 x A100 80 GB"; the table has it
	Tuning bool   `json:"-"`
}

// Alternative is another way to serve the same model.
type Alternative struct {
	InstanceType string   `json:"instanceType"`
	GPUsPerNode  int      `json:"gpusPerNode"`
	Nodes        int      `json:"nodes"`
	GPUs         int      `json:"gpus"`
	HourlyCost   *float64 `json:"hourlyCost"`
	MonthlyCost  *float64 `json:"monthlyCost"`
}

// Quota is the vCPU quota that an answer needs, and how to ask Azure for it.
type Quota struct {
	Name    string `json:"name"`
	Region  string `json:"region"`
	VCPUs   int    `json:"vcpus"`
	Request string `json:"request"` // if nothing else uses the quota
}

// NeedQuota fills in what an option needs of the quota with a name in a region; an empty name is none.
func (s *Size) NeedQuota(name string, o capacity.Option, region string) {
	vcpus := o.Nodes * o.SKU.VCPUs
	if name == "" || vcpus == 0 || region == "" {
		return
	}
	ask := capacity.RequestFor(name, region, capacity.Limit{Known: true}, vcpus)
	s.Quota = &Quota{Name: name, Region: region, VCPUs: vcpus, Request: ask.String()}
}

// NotTaken is a rejected size with the reason.
type NotTaken struct {
	InstanceType string `json:"instanceType"`
	Reason       string `json:"reason"`

	Never bool `json:"-"` // for any model, policy and region
}

func alternativeOf(o capacity.Option) Alternative {
	return Alternative{o.SKU.Name, o.GPUsPerNode, o.Nodes, o.GPUs, money(o.HourlyCost), money(o.HourlyCost.Monthly())}
}

// Use fills in the demand: its first option is the answer.
func (s *Size) Use(d capacity.Demand) {
	o := d.Options[0]
	s.InstanceType, s.GPUsPerNode, s.Nodes, s.GPUs = o.SKU.Name, o.SKU.GPUs, o.Nodes, o.GPUs
	s.TensorParallel, s.PipelineParallel, s.DataParallel = o.TensorParallel, o.PipelineParallel, o.DataParallel
	s.Memory, s.Notes = o.Memory, d.Notes
	s.SetCost(o.HourlyCost)
	s.GPU = fmt.Sprintf("%d x %s %d GB", o.SKU.GPUs, strings.TrimPrefix(o.SKU.GPUModel, "NVIDIA "), o.SKU.GPUMemoryGiB)
	for _, a := range d.Options[1:] {
		s.Alternatives = append(s.Alternatives, alternativeOf(a))
	}
	for _, a := range d.Shares {
		s.Shares = append(s.Shares, alternativeOf(a))
	}
}

// Reject fills in the sizes that a request does not take.
func (s *Size) Reject(candidates []sizing.Candidate) {
	for _, v := range candidates {
		if !v.Eligible {
			unverified := v.SKU.Unverified != "" && strings.HasPrefix(v.Reason, v.SKU.Unverified)
			s.NotTaken = append(s.NotTaken, NotTaken{v.SKU.Name, v.Reason, v.SKU.Unusable() != "" || unverified})
		}
	}
}

// Refuse fills in why a request gets no size.
func (s *Size) Refuse(err error) {
	s.Error = err.Error()
	var refused *capacity.RefusedError
	if errors.As(err, &refused) {
		s.Reason, s.Hint = refused.Reason, refused.Hint()
	}
}

// SetCost fills in the cost of an hour and of a month.
func (s *Size) SetCost(hourly capacity.Cost) {
	s.HourlyCost, s.MonthlyCost = money(hourly), money(hourly.Monthly())
}

// money returns a cost as JSON has it: null when it is unknown.
func money(c capacity.Cost) *float64 {
	if !c.Known {
		return nil
	}
	usd := math.Round(c.USD*1e4) / 1e4 // prices have four decimals at most, sums of them more
	return &usd
}

// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Option is one way to run a Workspace: a number of nodes of one size.
type Option struct {
	SKU              SKU
	Nodes            int // per Workspace
	GPUsPerNode      int // used on each node; SKU.GPUs if the node is not shared
	GPUs             int // over all nodes
	TensorParallel   int
	PipelineParallel int
	DataParallel     int
	Memory           Memory
	HourlyCost       Cost // all nodes
}

// Cost is a price in US dollars per hour. Known is false if the price list lacks the size in the region.
type Cost struct {
	USD   float64
	Known bool
}

// String returns the cost with two decimals, or "unknown".
func (c Cost) String() string {
	if !c.Known {
		return "unknown"
	}
	return fmt.Sprintf("%.2f", c.USD)
}

// HoursPerMonth is the length of a month in Azure's price calculator.
const HoursPerMonth = 730

// Monthly returns the cost of a month at this cost of an hour.
func (c Cost) Monthly() Cost { return c.Times(HoursPerMonth) }

// Rate returns the cost of an hour, and of a month beside it, for users.
func (c Cost) Rate() string {
	if !c.Known {
		return "price unknown"
	}
	return fmt.Sprintf("%s USD/h, %.0f USD/month", c, c.Monthly().USD)
}

// Demand holds the ways to run a Workspace. Options[0] is the choice of sizing.
type Demand struct {
	Workspace workspace.Key
	Preset    string
	Options   []Option // cheapest first, then by name; the current size may precede them
	// Shares are the Options that use some of the GPUs of a node, cheapest first, for nodes that Workspaces share. Each
	// costs its part of the node's price. Empty if the user names a size.
	Shares []Option
	// Notes tell the user about deviations from the file, such as a substituted size.
	Notes []string
	// Substituted is the retired size that the user named, if another replaces it.
	Substituted string
}

// Memory is the estimate for one GPU, in GiB. vLLM starts if, on every GPU,
//
//	usable >= weights + cache of one sequence + activations + CUDA graphs + memory outside of PyTorch
//
// and sizing selects a size if that holds with the margin added. The files of package sizing name the source of each
// term.
type Memory struct {
	WeightsGiB    float64 `json:"weightsGiB"`
	KVCacheGiB    float64 `json:"kvCacheGiB"`          // of one sequence; 0 for tuning
	ActivationGiB float64 `json:"activationGiB"`       // at its peak
	LogitsGiB     float64 `json:"logitsGiB"`           // tuning: of one batch, with gradients
	AdaptersGiB   float64 `json:"adaptersGiB"`         // tuning: with gradients and optimizer
	GraphsGiB     float64 `json:"cudaGraphsGiB"`       // CUDA graphs of vLLM
	FixedGiB      float64 `json:"contextAndNCCLGiB"`   // outside of PyTorch
	ExpectedGiB   float64 `json:"expectedGiB"`         // the sum
	MarginGiB     float64 `json:"marginGiB"`           // the error of the estimate
	RequiredGiB   float64 `json:"requiredGiB"`         // expected and margin
	UsableGiB     float64 `json:"usableGiB"`           // the part of GPUGiB that the engine may use
	GPUGiB        float64 `json:"gpuGiB"`              // as CUDA reports it
	Utilization   float64 `json:"utilization"`         // usable / GPU
	Stated        bool    `json:"stated,omitempty"`    // RequiredGiB is KAITO's figure, for lack of facts
	Context       int     `json:"context,omitempty"`   // tokens of the sequence
	Sequences     int     `json:"sequences,omitempty"` // in a batch
	BatchTokens   int     `json:"batchTokens,omitempty"`
}

// Sum returns the Memory with ExpectedGiB and RequiredGiB computed from the other terms.
func (m Memory) Sum() Memory {
	m.ExpectedGiB = m.WeightsGiB + m.KVCacheGiB + m.ActivationGiB + m.LogitsGiB + m.AdaptersGiB + m.GraphsGiB + m.FixedGiB
	m.RequiredGiB = m.ExpectedGiB + m.MarginGiB
	return m
}

// Fits reports whether the usable memory covers the required memory.
func (m Memory) Fits() bool { return m.RequiredGiB <= m.UsableGiB }

// WithNodes returns the Option on another number of nodes, without a check of the memory.
func (o Option) WithNodes(n int) Option {
	stages := 1 // in each node
	if o.Nodes > 0 {
		o.HourlyCost.USD /= float64(o.Nodes)
		stages = max(o.PipelineParallel/o.Nodes, 1)
	}
	o.HourlyCost = o.HourlyCost.Times(n)
	o.Nodes, o.GPUs, o.PipelineParallel = n, n*o.GPUsPerNode, n*stages
	return o
}

// Describe returns a short text for messages, such as "1 x A100 80 GB, 3.67 USD/h".
func (o Option) Describe() string {
	text := fmt.Sprintf("%d x %s %d GB", o.SKU.GPUs, strings.TrimPrefix(o.SKU.GPUModel, "NVIDIA "), o.SKU.GPUMemoryGiB)
	if o.Nodes > 1 {
		text = fmt.Sprintf("%d nodes of %s", o.Nodes, text)
	}
	if o.HourlyCost.Known {
		text += ", " + o.HourlyCost.Rate()
	}
	return text
}

// SPDX-License-Identifier: Apache-2.0

package kaito

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of Estimate, one for each error of KAITO's estimator. Estimate wraps them with the size, label or profile.
var (
	ErrGPUTooSmall    = errors.New("GPU too small")
	ErrSKUUnknown     = errors.New("size is not in KAITO's table")
	ErrMIGTooSmall    = errors.New("the model needs more than one MIG slice")
	ErrMIGInvalid     = errors.New("not a MIG profile")
	ErrNotDistributed = errors.New("the model needs more than one node and cannot span nodes")
	ErrListFailed     = errors.New("cannot list nodes")
	ErrNoReadyNodes   = errors.New("no ready node matches the label selector")
	ErrNodeLabels     = errors.New("node label is missing or not a number")
	ErrPartition      = errors.New("node has fewer GPUs than the partition")
)

// size is a row of KAITO's table of Azure sizes: GPUs, and their memory together in GiB.
type size struct{ gpus, gib int }

// sizes is the table of KAITO v0.12.0, with names in lower case.
var sizes = map[string]size{
	"standard_nv36ads_a10_v5": {1, 24}, "standard_nv72ads_a10_v5": {2, 48},
	"standard_nc24ads_a100_v4": {1, 80}, "standard_nc48ads_a100_v4": {2, 160}, "standard_nc96ads_a100_v4": {4, 320},
	"standard_nd96asr_a100_v4": {8, 320}, "standard_nd96amsr_a100_v4": {8, 640},
	"standard_nc40ads_h100_v5": {1, 94}, "standard_nc80adis_h100_v5": {2, 188}, "standard_nd96isr_h100_v5": {8, 640},
	"standard_ncc40ads_h100_v5": {1, 94}, "standard_nd96isr_h200_v5": {8, 1128},
	"standard_ng32ads_v620_v1": {1, 32}, "standard_ng32adms_v620_v1": {1, 32},
}

// Request holds the input of KAITO's estimator.
type Request struct {
	WeightBytes     int64 // rounded up to whole bytes
	KVBytesPerToken int64
	Context         int // 0 for KAITO's default of 2048
	Distributed     bool
	InstanceType    string
	Count           int // used only without facts about the model or the node
	// Existing describes nodes that already exist; Estimate then ignores InstanceType. Nil if KAITO creates the nodes.
	Existing *ExistingNodes
	// NoPreset is true for a pod template, or a preset without a name.
	NoPreset bool
}

// Answer is the result of KAITO's estimator.
type Answer struct {
	Nodes   int
	GPUs    int
	MinGPUs int // before rounding up to whole nodes
	// Contents and usable memory of one of MinGPUs, in GiB. Zero if Estimate returns without the arithmetic.
	WeightsGiB, CacheGiB, OverheadGiB, UsableGiB float64
}

// The constants of KAITO v0.12.0's estimator.
const (
	gib            = 1 << 30
	utilization    = 0.84
	weightGrowth   = 1.02
	baseOverhead   = 2.3 * gib
	weightOverhead = 1.05
	defaultContext = 2048
)

// Estimate computes nodes and GPUs with the arithmetic of KAITO v0.12.0. Its quirks: it takes nominal GB for GiB,
// divides the cache of one sequence by the GPUs of one node only, and adds a GPU if the model fits exactly. The error
// wraps one of the Err values above.
func Estimate(r Request) (Answer, error) {
	asked := max(r.Count, 1)
	if r.NoPreset {
		gpus := max(sizes[strings.ToLower(r.InstanceType)].gpus, 1) // KAITO does not look the size up
		return Answer{Nodes: asked, GPUs: asked * gpus}, nil
	}
	node, err := r.node()
	if err != nil {
		return Answer{}, err
	}
	if node.gpus == 0 || node.gib == 0 {
		return Answer{Nodes: asked, GPUs: asked * max(node.gpus, 1)}, nil
	}
	return r.on(node)
}

// On computes the same for nodes with the given GPUs, and the given memory of them together in GiB, even if KAITO's
// table lacks the size.
func (r Request) On(gpus, memory int) (Answer, error) { return r.on(size{gpus, memory}) }

// on is the arithmetic of Estimate.
func (r Request) on(node size) (Answer, error) {
	context := r.Context
	if context <= 0 {
		context = defaultContext
	}
	weights := float64(r.WeightBytes) * weightGrowth
	perGPU := int64(node.gib) * gib / int64(node.gpus)
	usable := float64(perGPU) * utilization
	cache := float64(int64(context)*r.KVBytesPerToken) / float64(node.gpus)
	reserve := baseOverhead + cache
	if usable <= reserve {
		return Answer{}, fmt.Errorf(
			"%w: %.1f GiB are usable, and cache and overhead alone need %.1f",
			ErrGPUTooSmall,
			usable/gib,
			reserve/gib,
		)
	}
	room := (usable - reserve) / weightOverhead
	minGPUs := int(weights/room) + 1
	nodes := (minGPUs + node.gpus - 1) / node.gpus
	switch {
	case r.Existing != nil && r.Existing.MIGProfile != "" && nodes > 1:
		return Answer{}, ErrMIGTooSmall
	case nodes > 1 && !r.Distributed:
		return Answer{}, ErrNotDistributed
	}
	each := weights / float64(minGPUs)
	return Answer{
		Nodes: nodes, GPUs: nodes * node.gpus, MinGPUs: minGPUs, WeightsGiB: each / gib, CacheGiB: cache / gib,
		OverheadGiB: (baseOverhead + (weightOverhead-1)*each) / gib, UsableGiB: usable / gib,
	}, nil
}

func (r Request) node() (size, error) {
	if r.Existing != nil {
		return r.Existing.node()
	}
	n, ok := sizes[strings.ToLower(r.InstanceType)]
	if !ok {
		return n, fmt.Errorf("%w: %s", ErrSKUUnknown, r.InstanceType)
	}
	return n, nil
}

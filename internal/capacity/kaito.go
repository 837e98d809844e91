package capacity

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of KAITOEstimate, one for each way in which KAITO's own estimator refuses.
var (
	ErrGPUTooSmall    = errors.New("GPU too small")
	ErrSKUUnknown     = errors.New("size is not in KAITO's table")
	ErrMIGTooSmall    = errors.New("MIG slice too small")
	ErrMIGInvalid     = errors.New("not a MIG profile")
	ErrNotDistributed = errors.New("model cannot span nodes")
	ErrListFailed     = errors.New("nodes cannot be listed")
	ErrNoReadyNodes   = errors.New("no ready node has the labels")
	ErrNodeLabels     = errors.New("node labels are missing or not numbers")
	ErrPartition      = errors.New("node has fewer GPUs than the partition")
)

// kaitoNode is a row of KAITO's table of Azure sizes: GPUs, and memory of all of them in GiB.
type kaitoNode struct{ gpus, gib int }

// kaitoSizes is the table of KAITO v0.12.0.
var kaitoSizes = map[string]kaitoNode{
	"standard_nv36ads_a10_v5": {1, 24}, "standard_nv72ads_a10_v5": {2, 48},
	"standard_nc24ads_a100_v4": {1, 80}, "standard_nc48ads_a100_v4": {2, 160}, "standard_nc96ads_a100_v4": {4, 320},
	"standard_nd96asr_a100_v4": {8, 320}, "standard_nd96amsr_a100_v4": {8, 640},
	"standard_nc40ads_h100_v5": {1, 94}, "standard_nc80adis_h100_v5": {2, 188}, "standard_nd96isr_h100_v5": {8, 640},
	"standard_ncc40ads_h100_v5": {1, 94}, "standard_nd96isr_h200_v5": {8, 1128},
	"standard_ng32ads_v620_v1": {1, 32}, "standard_ng32adms_v620_v1": {1, 32},
}

// KAITORequest is the question that KAITO's estimator answers.
type KAITORequest struct {
	WeightBytes     int64 // rounded up to whole bytes
	KVBytesPerToken int64
	Context         int // 0 for KAITO's default of 2048
	Distributed     bool
	InstanceType    string
	Count           int // used only when nothing is known about the model or the node
	// Brought, when not nil, says that nodes are brought; InstanceType is then not looked at.
	Brought *KAITOBrought
	// NoPreset says that a pod template is run, or a preset without a name.
	NoPreset bool
}

// KAITOAnswer is what KAITO's estimator says.
type KAITOAnswer struct {
	Nodes   int
	GPUs    int
	MinGPUs int // before rounding up to whole nodes
}

// The constants of KAITO v0.12.0's estimator.
const (
	kaitoUtilization    = 0.84
	kaitoWeightGrowth   = 1.02
	kaitoBaseOverhead   = 2.3 * gib
	kaitoWeightOverhead = 1.05
	kaitoContext        = 2048
)

// KAITOEstimate answers with the arithmetic of KAITO v0.12.0, quirks and all: memory in GiB of nominal GB, the cache of one
// sequence divided by the GPUs of one node only, and one GPU more when the fit is exact. It is for comparing, and for
// moving from KAITO without surprises; Size does better.
func KAITOEstimate(r KAITORequest) (KAITOAnswer, error) {
	asked := max(r.Count, 1)
	if r.NoPreset {
		gpus := max(kaitoSizes[strings.ToLower(r.InstanceType)].gpus, 1) // KAITO does not look the size up
		return KAITOAnswer{Nodes: asked, GPUs: asked * gpus}, nil
	}
	node, err := r.node()
	if err != nil {
		return KAITOAnswer{}, err
	}
	if node.gpus == 0 || node.gib == 0 {
		return KAITOAnswer{Nodes: asked, GPUs: asked * max(node.gpus, 1)}, nil
	}
	return r.on(node)
}

// on is the arithmetic itself.
func (r KAITORequest) on(node kaitoNode) (KAITOAnswer, error) {
	context := r.Context
	if context <= 0 {
		context = kaitoContext
	}
	weights := float64(r.WeightBytes) * kaitoWeightGrowth
	perGPU := int64(node.gib) * gib / int64(node.gpus)
	usable := float64(perGPU) * kaitoUtilization
	cache := float64(int64(context)*r.KVBytesPerToken) / float64(node.gpus)
	reserve := kaitoBaseOverhead + cache
	if usable <= reserve {
		return KAITOAnswer{}, fmt.Errorf("%w: %.1f GiB can be used, %.1f are needed besides the weights", ErrGPUTooSmall, usable/gib, reserve/gib)
	}
	room := (usable - reserve) / kaitoWeightOverhead
	minGPUs := int(weights/room) + 1
	nodes := (minGPUs + node.gpus - 1) / node.gpus
	switch {
	case r.Brought != nil && r.Brought.MIGProfile != "" && nodes > 1:
		return KAITOAnswer{}, ErrMIGTooSmall
	case nodes > 1 && !r.Distributed:
		return KAITOAnswer{}, ErrNotDistributed
	}
	return KAITOAnswer{Nodes: nodes, GPUs: nodes * node.gpus, MinGPUs: minGPUs}, nil
}

func (r KAITORequest) node() (kaitoNode, error) {
	if r.Brought != nil {
		return r.Brought.node()
	}
	n, ok := kaitoSizes[strings.ToLower(r.InstanceType)]
	if !ok {
		return n, fmt.Errorf("%w: %s", ErrSKUUnknown, r.InstanceType)
	}
	return n, nil
}

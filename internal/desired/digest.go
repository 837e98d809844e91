// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// Digester returns the digest of the Bundle of a Workspace, without keeping its objects.
type Digester interface {
	Digest(
		ctx context.Context,
		w *workspace.Workspace,
		p preset.Preset,
		at render.Placement,
		o render.Options,
	) (string, error)
}

// inputs is what the digest of a Workspace covers.
type inputs struct {
	Namespace, Name string
	Workspace       string // workspace.Workspace.Digest: the document, its patch, and the ConfigMaps that it names
	Paused          [3]string
	Region          string
	Sizes, Shares   []sized
	Objects         string // the digest of what this version of syncer renders
}

// sized is an option without its price and its estimate of memory: neither changes what runs.
type sized struct {
	Size                                      string
	Nodes, GPUs, Tensor, Pipeline, Replicated int
}

// Digest identifies the inputs of one Workspace, and what this version of syncer makes of them: its document with
// patches, the content of its preset, the ConfigMaps that it names, the sizes that it may run on, and its objects. It is
// the SHA-256, in hex; "" for a Workspace with errors.
//
// Prices, quota, limits, other Workspaces, names of pools, and the place of the file do not change it. The objects are
// therefore rendered for one placement that depends on nothing else: the first of the possible sizes by name.
func (in Input) Digest(ctx context.Context, w *Workload, policy Policy) (string, error) {
	if len(w.Blocked) > 0 {
		return "", nil
	}
	policy.Prices, policy.Limits = unpriced, capacity.Limits{}
	p, _ := in.Catalog.Lookup(w.Workspace.PresetName())
	alone := Workload{Key: w.Key, Workspace: w.Workspace}
	if err := policy.NodeSource().Place(&alone, in.Set, p, policy, Observed{}); err != nil {
		return "", fmt.Errorf("identify what was reviewed of %s: %w", w.Key, err)
	}
	at := alone.placeAlone()
	objects, err := Digester(in.Renderer).Digest(ctx, w.Workspace, p, at, render.Options{
		Cluster:          policy.Cluster,
		Objects:          in.Set.Objects,
		NVMeStorageClass: policy.NVMeStorageClass,
		Pods:             policy.Pods,
	})
	if err != nil {
		return "", fmt.Errorf("identify what was reviewed of %s: %w", w.Key, err)
	}
	data, err := json.Marshal(inputs{
		Namespace: w.Namespace,
		Name:      w.Name,
		Workspace: w.Workspace.Digest,
		Paused: [3]string{
			w.Workspace.Annotations[workspace.AnnotationSuspend],
			w.Workspace.Annotations[workspace.AnnotationPrune],
			w.Workspace.Annotations[workspace.AnnotationPriority],
		},
		Region:  policy.Region,
		Sizes:   sizesOf(alone.Demand.Options),
		Shares:  sizesOf(alone.Demand.Shares),
		Objects: objects,
	})
	if err != nil {
		return "", fmt.Errorf("identify what was reviewed of %s: %w", w.Key, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// unpriced is a list without prices, so that none decides about the order of sizes.
var unpriced = capacity.NewPrices("", "", nil, nil)

// anyPool stands for the name of a pool, which follows from the size.
const anyPool = "pool"

// placeAlone returns the placement on the first size by name.
func (w *Workload) placeAlone() render.Placement {
	at := w.Placement.Placement
	if options := slices.SortedFunc(slices.Values(w.Demand.Options), bySize); len(options) > 0 {
		labels := at.NodeLabels
		at = placementOf(options[0]).Placement
		at.NodeLabels = labels
	}
	at.Pool, at.Spot = anyPool, w.Workspace.Spot()
	if at.NodeLabels == nil {
		at.NodeLabels = w.Workspace.NodeLabels()
	}
	return at
}

func bySize(a, b capacity.Option) int {
	return cmp.Or(strings.Compare(a.SKU.Name, b.SKU.Name), cmp.Compare(a.Nodes, b.Nodes),
		cmp.Compare(a.GPUsPerNode, b.GPUsPerNode))
}

func sizesOf(options []capacity.Option) []sized {
	out := make([]sized, 0, len(options))
	for _, o := range slices.SortedFunc(slices.Values(options), bySize) {
		out = append(out, sized{
			o.SKU.Name, o.Nodes, o.GPUsPerNode, o.TensorParallel, o.PipelineParallel, o.DataParallel,
		})
	}
	return out
}

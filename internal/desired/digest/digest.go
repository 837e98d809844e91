// SPDX-License-Identifier: Apache-2.0

// Package digest identifies the inputs of one Workspace, and what this version of syncer makes of them. Reviews are
// kept under that digest.
package digest

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
	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
)

// inputs is what the digest of a Workspace covers.
type inputs struct {
	Namespace, Name string
	Workspace       string // workspace.Workspace.Digest: the document, its patch, and the ConfigMaps that it names
	Paused          [3]string
	Region          string
	Sizes, Shares   []sized
	Named           []named
	Objects         string // the digest of what this version of syncer renders
}

// named is an object of the repository that the Workspace names.
type named struct {
	Kind, Name string
	Content    map[string]any // of an encrypted Secret without its values, which are not known here
}

// sized is an option without its price and its estimate of memory: neither changes what runs.
type sized struct {
	Size                                      string
	Nodes, GPUs, Tensor, Pipeline, Replicated int
}

// Digests identifies the inputs of Workspaces. It is safe for concurrent use.
type Digests struct {
	in      desired.Input
	policy  desired.Policy
	objects map[workspace.Named][]workspace.Object // of the repository
}

// Of returns what identifies the Workspaces of a source.
func Of(in desired.Input, policy desired.Policy) *Digests {
	policy.Prices, policy.Limits = samePrices(policy.Region), capacity.Limits{}
	policy.Sizes = memo.NewSizes() // by these prices, which no plan must see
	policy = policy.Remembering()
	in.Set = in.Set.WithoutLive()
	d := &Digests{in: in, policy: policy, objects: map[workspace.Named][]workspace.Object{}}
	for _, o := range in.Set.Objects {
		d.objects[o.InCluster()] = append(d.objects[o.InCluster()], o)
	}
	return d
}

// Workspace identifies the inputs of one Workspace, and what this version of syncer makes of them: its document with
// patches, the content of its preset, the objects of the repository that it names, the sizes that it may run on, and
// its objects. It is the SHA-256, in hex; "" for a Workspace with errors.
//
// Prices, quota, limits, other Workspaces, names of pools, and the place of the file do not change it. The objects are
// therefore rendered for one placement that depends on nothing else: the first of the possible sizes by name.
func (d *Digests) Workspace(ctx context.Context, w *desired.Workload) (string, error) {
	if len(w.Blocked) > 0 {
		return "", nil
	}
	in, policy := d.in, d.policy
	p, _ := in.Catalog.Lookup(w.Workspace.PresetName())
	alone := desired.Workload{Key: w.Key, Workspace: w.Workspace}
	if err := policy.NodeSource().Place(&alone, in.Set, p, policy, desired.Observed{}); err != nil {
		return "", fmt.Errorf("identify what was reviewed of %s: %w", w.Key, err)
	}
	at := placeAlone(&alone)
	bundle, err := in.Renderer.Render(ctx, w.Workspace, p, at, render.Options{
		Cluster:          policy.Cluster,
		Objects:          in.Set.Objects,
		NVMeStorageClass: policy.NVMeStorageClass,
		Pods:             policy.Pods,
		Reach:            policy.Reach,
		DigestOnly:       true,
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
		Named:   d.named(w.Workspace),
		Objects: bundle.Digest,
	})
	if err != nil {
		return "", fmt.Errorf("identify what was reviewed of %s: %w", w.Key, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// named lists the objects of the repository that a Workspace names, in the order of its fields.
func (d *Digests) named(w *workspace.Workspace) []named {
	var out []named
	for _, r := range w.References() {
		for _, o := range d.objects[r.Named] {
			content := o.Content
			if o.Encrypted != nil {
				content = map[string]any{"metadata": o.Content["metadata"], "keys": o.Encrypted.Keys}
			}
			out = append(out, named{r.Kind, r.Name, content})
		}
	}
	return out
}

// samePrices is a list in which every size is offered, at one price: none decides which sizes there are, or their
// order.
func samePrices(region string) capacity.Prices {
	prices := map[string]float64{}
	for s := range capacity.SKUs() {
		prices[s.Name] = 1
	}
	table := map[string]map[string]float64{region: prices}
	return capacity.NewPrices("", "", table, table)
}

// anyPool stands for the name of a pool, which follows from the size.
const anyPool = "pool"

// placeAlone returns the placement on the first size by name.
func placeAlone(w *desired.Workload) render.Placement {
	at := w.Placement.Placement
	if options := slices.SortedFunc(slices.Values(w.Demand.Options), bySize); len(options) > 0 {
		o := options[0]
		at = render.Placement{
			Nodes:            o.Nodes,
			GPUsPerNode:      o.GPUsPerNode,
			GPUModel:         o.SKU.GPUModel,
			TensorParallel:   o.TensorParallel,
			PipelineParallel: o.PipelineParallel,
			DataParallel:     o.DataParallel,
			LocalNVMe:        o.SKU.LocalNVMe,
			NodeLabels:       at.NodeLabels,
		}
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

// Package render turns a Workspace, its preset and its placement into Kubernetes objects.
//
// Every Workspace is built alone by Kustomize, in memory: the base and the preset's overlay come from the catalogue, the
// Workspace's own overlay is generated. It is the only package that imports Kustomize, and it refuses, before Kustomize
// runs, whatever could reach outside the tree (remote bases, plugins, Helm, exec).
package render

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/workspace"
)

// Placement says where a Workspace runs: what the capacity package decided, or what brought nodes offer.
type Placement struct {
	Nodes            int // replicas of the StatefulSet; a Job always takes one
	GPUsPerNode      int
	GPUModel         string // "NVIDIA A10" changes a vLLM flag
	TensorParallel   int
	PipelineParallel int
	DataParallel     int
	LocalNVMe        bool
	Pool             string            // agent pool to pin to; "" when nodes are brought
	NodeLabels       map[string]string // the user's label selector, as a map
	Spot             bool
}

// Bundle is the rendered objects of one Workspace, in the order in which they are applied.
type Bundle struct {
	Workspace workspace.Key
	Objects   []*unstructured.Unstructured
	// Digest is the SHA-256, in hex, of the objects in canonical form.
	Digest string
}

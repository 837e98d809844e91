// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Settings configures capacity.mode karpenter: syncer applies one NodePool for each Workspace, on any cloud with a
// Karpenter provider.
//
// Karpenter creates nodes on demand: it creates a node for a pending pod that selects the NodePool's label, and deletes
// nodes that stay empty. That works with every release of karpenter.sh/v1, follows the replicas of a StatefulSet, and
// costs nothing while nothing runs. With Static, spec.replicas keeps the nodes instead, as in KAITO; that is an alpha
// feature of Karpenter, which an administrator has to enable.
type Settings struct {
	Class   NodeClass
	Classes []string // further names that AnnotationNodeClass may select
	Static  bool
	// Sizes are instance types that the catalogue lacks (capacity.karpenter.sizes).
	Sizes []capacity.SKU
	// Requirements are added to those of every NodePool.
	Requirements []Requirement
}

// NodeClass refers to the provider's node class, an object that an administrator creates.
type NodeClass struct{ Group, Kind, Name string }

// Requirement restricts a node label to some values.
type Requirement struct {
	Key    string
	Values []string
}

// NodePool is the desired state of a Karpenter NodePool that syncer owns.
type NodePool struct {
	Name       string
	Workspace  workspace.Key
	Cluster    string // name of this cluster in the configuration
	Class      NodeClass
	Sizes      []string // instance types; Karpenter takes the cheapest available one
	Nodes      int      // 0 if nothing runs
	GPUs       int      // of each node; 0 if unknown
	Static     bool
	Spot       bool
	Tuning     bool
	Labels     map[string]string // of the nodes, from the user
	Extra      []Requirement
	HourlyCost capacity.Cost // of Nodes nodes of the first size
}

// AnnotationNodeClass names the node class of a Workspace. KAITO uses the same annotation.
const AnnotationNodeClass = wellknown.AnnotationNodeClass

// ClassOf returns the node class of a Workspace. The error is a *capacity.RefusedError for a class that the
// configuration does not list.
func (k Settings) ClassOf(w *workspace.Workspace) (NodeClass, error) {
	c := k.Class
	name := w.Annotations[AnnotationNodeClass]
	if name == "" || name == c.Name {
		return c, nil
	}
	if !slices.Contains(k.Classes, name) {
		allowed := append([]string{c.Name}, k.Classes...)
		return c, sizing.Refused(
			diag.NodeClassNotAllowed,
			"metadata.annotations."+AnnotationNodeClass,
			fmt.Sprintf("node class %q is not allowed", name),
			"use one of "+strings.Join(allowed, ", ")+" (configuration: capacity.karpenter.nodeClasses)",
		)
	}
	c.Name = name
	return c, nil
}

// Labels of KAITO's own NodePools. syncer sets this pair so that tools find the Workspace. It does not set "managed-by:
// kaito", so that KAITO does not manage the NodePool.
const (
	labelKarpenterWorkspace = wellknown.LabelKarpenterWorkspace
	labelKarpenterNamespace = wellknown.LabelKarpenterWorkspaceNamespace
)

// NodePoolFor returns the NodePool for a Workspace and its Demand, with nodes of the given class. clusterName is the
// cluster's name in the configuration.
func (k Settings) NodePoolFor(
	w *workspace.Workspace,
	class NodeClass,
	d capacity.Demand,
	clusterName string,
) NodePool {
	chosen := d.Options[0]
	return NodePool{
		Name:       NodePoolName(w.Key),
		Workspace:  w.Key,
		Cluster:    clusterName,
		Class:      class,
		Sizes:      interchangeable(d, k.leavesOpen(w)),
		Nodes:      chosen.Nodes,
		GPUs:       chosen.SKU.GPUs,
		Static:     k.Static,
		Spot:       w.Spot(),
		Tuning:     w.Tuning != nil,
		Labels:     w.NodeLabels(),
		Extra:      k.Requirements,
		HourlyCost: chosen.HourlyCost,
	}
}

// The longest name of a NodePool, which is also the value of a node label, and its length without the hash.
const (
	maxNodePoolName = 63
	keptOfLongName  = 53
)

// NodePoolName returns namespace and name joined by a dash, as in KAITO: a name over 63 characters is cut to 53 and
// gets a hash. A namespace with a dash gets the hash as well, because a-b/c and a/b-c would share a NodePool otherwise.
func NodePoolName(k workspace.Key) string {
	name := k.Namespace + "-" + k.Name
	if len(name) <= maxNodePoolName && !strings.Contains(k.Namespace, "-") {
		return name
	}
	sum := sha256.Sum256([]byte(k.String()))
	return strings.TrimRight(name[:min(len(name), keptOfLongName)], "-.") + "-" + hex.EncodeToString(sum[:])[:9]
}

// Wanted reports whether the NodePool should exist. A static one stays without replicas; any other is deleted while
// nothing runs and recreated later.
func (p NodePool) Wanted() bool { return p.Nodes > 0 || p.Static }

// interchangeable returns the sizes on which the Workspace runs with the same layout as on the selected one, cheapest
// first. Karpenter takes the cheapest available one. A size that the user named has no alternatives.
func interchangeable(d capacity.Demand, auto bool) []string {
	chosen := d.Options[0]
	out := []string{chosen.SKU.Name}
	if !auto && d.Substituted == "" {
		return out
	}
	shape := func(o capacity.Option) [9]any {
		return [9]any{
			o.Nodes,
			o.GPUsPerNode,
			o.SKU.GPUs,
			o.TensorParallel,
			o.PipelineParallel,
			o.DataParallel,
			o.SKU.GPUMemoryGiB,
			o.SKU.LocalNVMe,
			o.SKU.GPUModel == "NVIDIA A10",
		}
	}
	for _, o := range d.Options[1:] {
		if shape(o) == shape(chosen) && !slices.Contains(out, o.SKU.Name) {
			out = append(out, o.SKU.Name)
		}
	}
	return out
}

// SPDX-License-Identifier: Apache-2.0

// Package claimed finds the nodes that KAITO's provisioner made for a Workspace: gpu-provisioner, or Karpenter, which
// AKS calls NAP. A Workspace that was taken over from KAITO stays on them. Pure.
package claimed

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Nodes are the nodes that KAITO's provisioner made for one Workspace.
type Nodes struct {
	Labels map[string]string // of the nodes, with the name and the namespace of the Workspace
	Label  string            // the one with the name
	Names  []string          // sorted
	Claims []string          // the NodeClaims whose nodes they are, as far as the nodes name them; sorted
	Size   string            // of the first node
}

// labels are those with the name and the namespace of a Workspace on the nodes of gpu-provisioner, and on those of
// Karpenter.
var labels = [][2]string{
	{wellknown.LabelWorkspace, wellknown.LabelWorkspaceNamespace},
	{wellknown.LabelKarpenterWorkspace, wellknown.LabelKarpenterWorkspaceNamespace},
}

// By returns the nodes that were made for a Workspace and that take pods. syncer's own nodes carry its label. A node
// that does not answer for a while still counts.
func By(k workspace.Key, nodes []cluster.Node) Nodes {
	for _, label := range labels {
		c := Nodes{Label: label[0], Labels: map[string]string{label[0]: k.Name, label[1]: k.Namespace}}
		for i := range nodes {
			n := &nodes[i]
			if n.Labels[label[0]] != k.Name || n.Labels[label[1]] != k.Namespace || n.Labels[cluster.LabelCluster] != "" ||
				n.Cordoned {
				continue
			}
			if len(c.Names) == 0 {
				c.Size = n.InstanceType
			}
			c.Names = append(c.Names, n.Name)
			if n.Claim != "" && !slices.Contains(c.Claims, n.Claim) {
				c.Claims = append(c.Claims, n.Claim)
			}
		}
		if len(c.Names) > 0 {
			slices.Sort(c.Claims)
			return c
		}
	}
	return Nodes{}
}

// Where names the nodes in a sentence.
func (c Nodes) Where() string {
	if len(c.Claims) == 0 {
		return "nodes of KAITO's provisioner (" + strings.Join(c.Names, ", ") + ")"
	}
	return "nodes of NodeClaim " + strings.Join(c.Claims, ", ")
}

// Note says in the status how a Workspace leaves the nodes.
func (c Nodes) Note() string {
	return fmt.Sprintf("annotation %s: %s moves it to nodes of syncer's", workspace.AnnotationNodes, workspace.NodesOwn)
}

// Option returns the option for the size of the nodes, or the first one.
func (c Nodes) Option(options []capacity.Option) capacity.Option {
	for _, o := range options {
		if strings.EqualFold(o.SKU.Name, c.Size) {
			return o
		}
	}
	return options[0]
}

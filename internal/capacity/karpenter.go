package capacity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Karpenter is how nodes are had from Karpenter (capacity.mode: karpenter): one NodePool for each Workspace, on any cloud
// that has a Karpenter provider.
//
// Nodes are made on demand: a pod that is pending on the NodePool's label makes Karpenter create its node, and a node that
// has been empty for a while is taken away again. That works with every release of karpenter.sh/v1, follows a StatefulSet
// of several replicas by itself, and costs nothing while nothing is to run. Static keeps the nodes by spec.replicas instead,
// as KAITO does; that is an alpha feature of Karpenter, which has to be switched on there.
type Karpenter struct {
	Class   NodeClass
	Classes []string // names of others, for Workspaces with the annotation AnnotationNodeClass
	Static  bool
	// Sizes are instance types of which syncer knows nothing by itself.
	Sizes []SKU
	// Requirements are added to those of every NodePool.
	Requirements []Requirement
}

// NodeClass refers to the provider's own description of nodes, which somebody else has created.
type NodeClass struct{ Group, Kind, Name string }

// Requirement is a node label that may only have one of some values.
type Requirement struct {
	Key    string
	Values []string
}

// NodePool is a Karpenter NodePool that we own, as it should be.
type NodePool struct {
	Name       string
	Workspace  workspace.Key
	Cluster    string // name of this cluster in the configuration
	Class      NodeClass
	Sizes      []string // instance types, any of which will do
	Nodes      int      // 0: nothing is to run
	GPUs       int      // of each node; 0 when that is not known
	Static     bool
	Spot       bool
	Tuning     bool
	Labels     map[string]string // of the nodes: the user's own
	Extra      []Requirement
	HourlyCost Cost // of Nodes nodes of the first size
}

// AnnotationNodeClass is KAITO's: it names the node class of a Workspace.
const AnnotationNodeClass = "kaito.sh/node-class-name"

// ClassOf returns the node class of a Workspace. The error is a *RefusedError.
func (k Karpenter) ClassOf(w *workspace.Workspace) (NodeClass, error) {
	c := k.Class
	name := w.Annotations[AnnotationNodeClass]
	if name == "" || name == c.Name {
		return c, nil
	}
	if !slices.Contains(k.Classes, name) {
		allowed := append([]string{c.Name}, k.Classes...)
		return c, &RefusedError{"metadata.annotations." + AnnotationNodeClass, fmt.Sprintf("node class %q is not one that may be asked for", name), "use one of " + strings.Join(allowed, ", ") + " (configuration: capacity.karpenter.nodeClasses)"}
	}
	c.Name = name
	return c, nil
}

// Labels of KAITO's own NodePools. Its reserved pair is kept, so that tools find the Workspace; "managed-by: kaito" is not,
// so that no KAITO takes the NodePool for its own.
const (
	labelKarpenterWorkspace = "karpenter.kaito.sh/workspace-name"
	labelKarpenterNamespace = "karpenter.kaito.sh/workspace-namespace"
)

// NodePoolFor returns the NodePool of a Workspace, with nodes of a class.
func (k Karpenter) NodePoolFor(w *workspace.Workspace, class NodeClass, d Demand, clusterName string) NodePool {
	chosen := d.Options[0]
	return NodePool{
		Name: NodePoolName(w.Key), Workspace: w.Key, Cluster: clusterName, Class: class, Sizes: d.interchangeable(k.leavesOpen(w)),
		Nodes: chosen.Nodes, GPUs: chosen.SKU.GPUs, Static: k.Static, Spot: w.Spot(), Tuning: w.Tuning != nil, Labels: w.NodeLabels(),
		Extra: k.Requirements, HourlyCost: chosen.HourlyCost,
	}
}

// The longest name of a NodePool, which is the value of a node label, and how much of it is kept beside a hash.
const (
	maxNodePoolName = 63
	keptOfLongName  = 53
)

// NodePoolName is KAITO's: namespace and name, cut to 53 characters and a hash when longer than 63. A namespace with a dash
// gets the hash as well: otherwise a-b/c and a/b-c would share a NodePool.
func NodePoolName(k workspace.Key) string {
	name := k.Namespace + "-" + k.Name
	if len(name) <= maxNodePoolName && !strings.Contains(k.Namespace, "-") {
		return name
	}
	sum := sha256.Sum256([]byte(k.String()))
	return strings.TrimRight(name[:min(len(name), keptOfLongName)], "-.") + "-" + hex.EncodeToString(sum[:])[:9]
}

// Wanted reports whether the NodePool is to exist. A static one is kept with no replicas, because it cannot be told from a
// new one otherwise; any other costs Karpenter nothing to make again.
func (p NodePool) Wanted() bool { return p.Nodes > 0 || p.Static }

// interchangeable lists the sizes on which the Workspace runs exactly as on the chosen one, cheapest first: Karpenter may
// take any of them, and takes the cheapest that it can get. A size that the user named is the only one.
func (d Demand) interchangeable(auto bool) []string {
	chosen := d.Options[0]
	out := []string{chosen.SKU.Name}
	if !auto && d.Substituted == "" {
		return out
	}
	shape := func(o Option) [9]any {
		return [9]any{
			o.Nodes, o.GPUsPerNode, o.SKU.GPUs, o.TensorParallel, o.PipelineParallel, o.DataParallel, o.SKU.GPUMemoryGiB, o.SKU.LocalNVMe, o.SKU.GPUModel == "NVIDIA A10",
		}
	}
	for _, o := range d.Options[1:] {
		if shape(o) == shape(chosen) && !slices.Contains(out, o.SKU.Name) {
			out = append(out, o.SKU.Name)
		}
	}
	return out
}

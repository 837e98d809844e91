package capacity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

// How Karpenter may disturb the nodes. A node is taken away once it has been empty for a while, long enough for a pod that
// failed to be tried again on it; it never expires, which would end what runs on it by force. A node whose NodePool has
// changed is replaced one at a time, and under a tuning job not at all.
const (
	emptyFor     = "5m"
	expireNever  = "Never"
	driftServing = "1"
	driftTuning  = "0"
)

// Object returns the NodePool as Karpenter reads it (karpenter.sh/v1).
func (p NodePool) Object() map[string]any {
	drift := driftServing
	if p.Tuning {
		drift = driftTuning
	}
	spec := map[string]any{
		"disruption": map[string]any{
			"consolidationPolicy": "WhenEmpty", "consolidateAfter": emptyFor,
			"budgets": []any{
				map[string]any{"nodes": "100%", "reasons": []any{"Empty"}},
				map[string]any{"nodes": drift, "reasons": []any{"Drifted"}},
			},
		},
		"template": map[string]any{
			"metadata": map[string]any{"labels": p.nodeLabels()},
			"spec": map[string]any{
				"expireAfter":  expireNever,
				"nodeClassRef": map[string]any{"group": p.Class.Group, "kind": p.Class.Kind, "name": p.Class.Name},
				"requirements": p.requirements(),
				"taints":       []any{map[string]any{"key": "sku", "value": "gpu", "effect": "NoSchedule"}},
			},
		},
	}
	if limits := p.limits(); limits != nil {
		spec["limits"] = limits
	}
	if p.Static {
		spec["replicas"] = int64(p.Nodes)
	}
	return map[string]any{
		"apiVersion": "karpenter.sh/v1", "kind": "NodePool",
		"metadata": map[string]any{"name": p.Name, "labels": p.ownLabels(map[string]any{"app.kubernetes.io/managed-by": "syncer"})},
		"spec":     spec,
	}
}

// limits bound what the NodePool may cost: its nodes, and while one is replaced one more.
func (p NodePool) limits() map[string]any {
	nodes := p.Nodes + 1
	if p.Tuning {
		nodes = p.Nodes
	}
	switch {
	case p.Static:
		return map[string]any{"nodes": strconv.Itoa(nodes)} // no other limit is accepted there
	case p.GPUs > 0:
		return map[string]any{"nvidia.com/gpu": strconv.Itoa(nodes * p.GPUs)}
	}
	return nil
}

func (p NodePool) ownLabels(out map[string]any) map[string]any {
	out[LabelCluster] = p.Cluster
	out[LabelWorkspace], out[LabelWorkspaceNamespace] = p.Workspace.Name, p.Workspace.Namespace
	out[labelKarpenterWorkspace], out[labelKarpenterNamespace] = p.Workspace.Name, p.Workspace.Namespace
	return out
}

// nodeLabels are the user's labels and ours. Labels that say which size or kind of node it is are requirements, not labels.
func (p NodePool) nodeLabels() map[string]any {
	out := map[string]any{}
	for k, v := range p.Labels {
		out[k] = v
	}
	return p.ownLabels(out)
}

func (p NodePool) requirements() []any {
	capacityType := "on-demand"
	if p.Spot {
		capacityType = "spot"
	}
	all := []Requirement{
		{"node.kubernetes.io/instance-type", p.Sizes},
		{"kubernetes.io/os", []string{"linux"}},
		{"kubernetes.io/arch", []string{"amd64"}}, // the model images are built for nothing else
		{"karpenter.sh/capacity-type", []string{capacityType}},
	}
	var out []any
	for _, r := range append(all, p.Extra...) {
		values := make([]any, len(r.Values))
		for i, v := range r.Values {
			values[i] = v
		}
		out = append(out, map[string]any{"key": r.Key, "operator": "In", "values": values})
	}
	return out
}

// RefusedLabel returns a label of the user's that Karpenter accepts on no node, or "". Only Kubernetes' own components may
// set labels in these domains; the exceptions are those of Karpenter's NodePool validation.
func RefusedLabel(labels map[string]string) string {
	free := []string{
		"beta.kubernetes.io/instance-type", "failure-domain.beta.kubernetes.io/region", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
		"failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "kubernetes.io/arch",
		"kubernetes.io/os", "node.kubernetes.io/windows-build", "karpenter.sh/capacity-type",
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		domain, _, _ := strings.Cut(key, "/")
		node := strings.HasSuffix(domain, "node.kubernetes.io") || strings.HasSuffix(domain, "node-restriction.kubernetes.io") || strings.HasSuffix(domain, "kops.k8s.io")
		closed := strings.HasSuffix(domain, "kubernetes.io") || strings.HasSuffix(domain, "k8s.io") || strings.HasSuffix(domain, "karpenter.sh")
		if closed && !node && !slices.Contains(free, key) {
			return key
		}
	}
	return ""
}

// ParseSize reads an instance type of the configuration, "NAME=GPUSxGIB", such as "a2-highgpu-1g=1x40".
func ParseSize(text string) (SKU, error) {
	var s SKU
	name, facts, ok := strings.Cut(text, "=")
	gpus, gib, okFacts := strings.Cut(facts, "x")
	var err1, err2 error
	s.Name = strings.TrimSpace(name)
	s.GPUs, err1 = strconv.Atoi(strings.TrimSpace(gpus))
	s.GPUMemoryGiB, err2 = strconv.Atoi(strings.TrimSpace(gib))
	if !ok || !okFacts || err1 != nil || err2 != nil || s.Name == "" || s.GPUs < 1 || s.GPUMemoryGiB < 1 {
		return SKU{}, fmt.Errorf("%q is not NAME=GPUSxGIB, such as a2-highgpu-1g=1x40", text)
	}
	s.GPUUsableGiB = nominalUsable * float64(s.GPUMemoryGiB)
	return s, nil
}

// nominalUsable is how much of a GPU's nominal memory CUDA reports, where nobody has measured it. It is the worst of the
// measured sizes (A10: 22.5 of 24 GiB).
const nominalUsable = 0.937

// ParseRequirement reads a requirement of the configuration, "KEY=VALUE" or "KEY=VALUE|VALUE".
func ParseRequirement(text string) (Requirement, error) {
	key, values, ok := strings.Cut(text, "=")
	r := Requirement{Key: strings.TrimSpace(key)}
	for v := range strings.SplitSeq(values, "|") {
		if v = strings.TrimSpace(v); v != "" {
			r.Values = append(r.Values, v)
		}
	}
	if !ok || r.Key == "" || len(r.Values) == 0 {
		return Requirement{}, fmt.Errorf("%q is not KEY=VALUE, or KEY=VALUE|VALUE", text)
	}
	return r, nil
}

package plan

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// sideFor works out what a set of files asks for under a policy.
func sideFor(t *testing.T, policy Policy, files map[string]string, seen Observed) Side {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in, err := Read(fs.FS(tree), presets.FS, workspace.Options{}, workspace.Env{Brought: policy.Brought, AnySize: policy.Karpenter != nil}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil {
		t.Fatal(err)
	}
	return Side{in.Set, d}
}

func onKarpenter(k capacity.Karpenter) Policy {
	return Policy{Cluster: "demo", Region: "eastus", Prune: true, Karpenter: &k}
}

var (
	onAzure = capacity.Karpenter{Class: capacity.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}}
	onAWS   = capacity.Karpenter{Class: capacity.NodeClass{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "gpu"}}
)

func annotated(text string, pairs ...string) string {
	return strings.Replace(text, "metadata: {", "metadata: {annotations: {"+strings.Join(pairs, ", ")+"}, ", 1)
}

// find returns a desired object, or nil.
func find(d Desired, kind string) *unstructured.Unstructured {
	for _, o := range d.Objects {
		if o.Content.GetKind() == kind {
			return o.Content
		}
	}
	return nil
}

// TestNodePools compares whole NodePools with golden files.
func TestNodePools(t *testing.T) {
	with := func(k capacity.Karpenter, f func(*capacity.Karpenter)) capacity.Karpenter { f(&k); return k }
	static := with(onAzure, func(k *capacity.Karpenter) { k.Static = true })
	const size = "Standard_NC24ads_A100_v4"
	for name, tt := range map[string]struct {
		karpenter capacity.Karpenter
		file      string
	}{
		"azure":      {onAzure, serve("phi", size)},
		"azure-auto": {onAzure, serve("phi", "auto")},
		"aws-auto": {with(onAWS, func(k *capacity.Karpenter) {
			k.Requirements = []capacity.Requirement{{Key: "topology.kubernetes.io/zone", Values: []string{"eu-central-1a", "eu-central-1b"}}}
		}), strings.Replace(serve("phi", "auto"), "{name: phi}", "{name: phi, namespace: team-a}", 1)},
		"class":            {with(onAzure, func(k *capacity.Karpenter) { k.Classes = []string{"other"} }), annotated(serve("phi", size), "kaito.sh/node-class-name: other")},
		"static":           {static, annotated(serve("phi", size), "syncer.dev/prune: disabled")},
		"static-suspended": {static, annotated(serve("phi", size), `syncer.dev/suspend: "true"`)},
		"tuning-spot":      {onAzure, annotated(tune("tuned", "example.azurecr.io/a:1"), `syncer.dev/spot: "true"`)},
	} {
		t.Run(name, func(t *testing.T) {
			d := sideFor(t, onKarpenter(tt.karpenter), map[string]string{"w.yaml": tt.file}, Observed{}).Desired
			pool := find(d, "NodePool")
			if pool == nil {
				t.Fatalf("no NodePool; problems %v", d.Problems)
			}
			a := pool.GetAnnotations()
			if a[cluster.AnnotationInputs] != d.Wishes[0].Workspace.Digest {
				t.Errorf("annotations %v", a)
			}
			delete(a, cluster.AnnotationInputs) // follows from the content of the file
			pool = pool.DeepCopy()
			pool.SetAnnotations(a)
			data, err := yaml.Marshal(pool.Object)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.MkdirAll("testdata/nodepool", 0o755); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, "nodepool/"+name+".yaml", data)
		})
	}
}

// TestPodsChooseTheirNodePool shows the seam between the two: the label that Karpenter gives the nodes.
func TestPodsChooseTheirNodePool(t *testing.T) {
	d := sideFor(t, onKarpenter(onAWS), map[string]string{"w.yaml": serve("phi", "g6.xlarge")}, Observed{}).Desired
	set := find(d, "StatefulSet")
	if set == nil || len(d.Pools()) != 0 {
		t.Fatalf("objects %v, pools %v, problems %v", d.Objects, d.Pools(), d.Problems)
	}
	data, err := yaml.Marshal(set.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"key: karpenter.sh/nodepool\n", "- default-phi\n", "key: app\n", `nvidia.com/gpu: "1"`, "key: sku\n"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	if strings.Contains(string(data), "agentpool") {
		t.Error("the pod is pinned to an agent pool")
	}
}

func TestSuspendedAndFinishedHaveNoNodePool(t *testing.T) {
	suspended := sideFor(t, onKarpenter(onAWS), map[string]string{"w.yaml": annotated(serve("phi", "g6.xlarge"), `syncer.dev/suspend: "true"`)}, Observed{}).Desired
	if find(suspended, "NodePool") != nil || find(suspended, "StatefulSet") == nil {
		t.Errorf("objects %v", suspended.Objects)
	}
	policy := onKarpenter(onAzure)
	files := map[string]string{"w.yaml": tune("tuned", "example.azurecr.io/a:1")}
	before := sideFor(t, policy, files, Observed{}).Desired
	key := before.Wishes[0].Key
	seen := Observed{Live: true, State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{
		key: {Ref: cluster.Ref{Kind: "Job", Name: "tuned"}, Inputs: before.Wishes[0].Workspace.Digest, Complete: true},
	}}}
	after := sideFor(t, policy, files, seen).Desired
	if find(before, "NodePool") == nil || find(after, "NodePool") != nil || find(after, "Job") == nil {
		t.Errorf("before %v, after %v", before.Objects, after.Objects)
	}
}

func TestTypeThatRunsStays(t *testing.T) {
	policy := onKarpenter(onAWS)
	policy.Limits.AllowedSizes = []string{"g5.xlarge", "g6e.xlarge"}
	files := map[string]string{"w.yaml": serve("phi", "auto")}
	seen := Observed{Live: true, State: cluster.State{Nodes: []cluster.Node{
		{Name: "n", InstanceType: "g6e.xlarge", Labels: map[string]string{cluster.LabelNodePool: "default-phi"}},
	}}}
	for want, seen := range map[string]Observed{"g5.xlarge": {}, "g6e.xlarge": seen} {
		if got := sideFor(t, policy, files, seen).Desired.Wishes[0].Placement.InstanceType; got != want {
			t.Errorf("placed on %s, want %s", got, want)
		}
	}
}

// TestDefaultSizeOfAzureMeansNothingElsewhere is about v1alpha1, which has one.
func TestDefaultSizeOfAzureMeansNothingElsewhere(t *testing.T) {
	file := strings.Replace(strings.Replace(serve("phi", "x"), "v1beta1", "v1alpha1", 1), "  instanceType: x\n", "", 1)
	policy := onKarpenter(onAWS)
	policy.Limits.AllowedSizes = []string{"g6.*"}
	d := sideFor(t, policy, map[string]string{"w.yaml": file}, Observed{}).Desired
	if w := d.Wishes[0]; w.NodePool == nil || len(w.NodePool.Sizes) != 5 {
		t.Errorf("problems %v, NodePool %+v", d.Problems, w.NodePool)
	}
	d = sideFor(t, onKarpenter(onAzure), map[string]string{"w.yaml": file}, Observed{}).Desired
	if w := d.Wishes[0]; w.NodePool == nil || !slices.Equal(w.NodePool.Sizes, []string{"Standard_NC24ads_A100_v4"}) {
		t.Errorf("problems %v, NodePool %+v", d.Problems, w.NodePool)
	}
}

func TestKarpenterRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		karpenter   capacity.Karpenter
		file        string
		field, text string
	}{
		"a label that no node gets":              {onAWS, strings.Replace(serve("phi", "g6.xlarge"), "{app: phi}", "{app.kubernetes.io/name: phi}", 1), "resource.labelSelector.matchLabels", "app.kubernetes.io/name"},
		"an unknown instance type":               {onAWS, serve("phi", "g99.xlarge"), "resource.instanceType", "instance type g99.xlarge is not known"},
		"a node class that may not be asked for": {onAWS, annotated(serve("phi", "g6.xlarge"), "kaito.sh/node-class-name: mine"), "metadata.annotations.kaito.sh/node-class-name", `node class "mine"`},
		"a type of another cloud":                {onAzure, serve("phi", "g6.xlarge"), "resource.instanceType", "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			d := sideFor(t, onKarpenter(tt.karpenter), map[string]string{"w.yaml": tt.file}, Observed{}).Desired
			if len(d.Problems) != 1 || d.Problems[0].Field != tt.field || !strings.Contains(d.Problems[0].Message, tt.text) || len(d.Objects) != 0 {
				t.Errorf("problems %v, objects %v", d.Problems, d.Objects)
			}
		})
	}
}

func TestNodePoolsKeepToTheLimits(t *testing.T) {
	policy := onKarpenter(onAzure)
	policy.Limits.Nodes = 1
	files := map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4"), "b.yaml": serve("b", "Standard_NC24ads_A100_v4")}
	seen := Observed{Live: true, State: cluster.State{NodePools: []cluster.NodePool{{Name: "default-b"}}}}
	s := sideFor(t, policy, files, seen)
	var pools []string
	for _, o := range s.Desired.Objects {
		if o.Content.GetKind() == "NodePool" {
			pools = append(pools, o.Content.GetName())
		}
	}
	if !slices.Equal(pools, []string{"default-b"}) || !strings.Contains(s.Desired.Wishes[0].Held, "capacity.limits.nodes is 1") || len(s.Desired.Warnings) != 1 || s.Desired.Wishes[1].Held != "" {
		t.Errorf("NodePools %v; warnings %q; held %q, %q", pools, s.Desired.Warnings, s.Desired.Wishes[0].Held, s.Desired.Wishes[1].Held)
	}
	policy.Limits = capacity.Limits{HourlyCost: 5}
	s = sideFor(t, onKarpenterWith(onAWS, policy.Limits), map[string]string{"a.yaml": serve("a", "g6.xlarge")}, Observed{})
	if !strings.Contains(s.Desired.Wishes[0].Held, "price is unknown") {
		t.Errorf("held %q", s.Desired.Wishes[0].Held)
	}
}

func onKarpenterWith(k capacity.Karpenter, l capacity.Limits) Policy {
	p := onKarpenter(k)
	p.Limits = l
	return p
}

func TestNodePoolOutlivesItsPods(t *testing.T) {
	policy := onKarpenter(onAzure)
	before := sideFor(t, policy, map[string]string{"w.yaml": serve("phi", "Standard_NC24ads_A100_v4"), "x.yaml": serve("x", "Standard_NC24ads_A100_v4")}, Observed{})
	seen := liveOf(before)
	key := workspace.Key{Namespace: "default", Name: "phi"}
	for i := range seen.State.Objects {
		if o := &seen.State.Objects[i]; o.Kind == "NodePool" {
			seen.State.NodePools = append(seen.State.NodePools, cluster.NodePool{Name: o.Name, Workspace: o.Workspace})
		}
	}
	seen.State.Nodes = []cluster.Node{{Name: "n", Labels: map[string]string{cluster.LabelNodePool: "default-phi"}}}
	seen.State.Workloads[key] = cluster.Workload{Pods: []cluster.Pod{{Name: "phi-0", Node: "n", Phase: "Running"}}}
	after := sideFor(t, policy, map[string]string{"x.yaml": serve("x", "Standard_NC24ads_A100_v4")}, seen)
	ops := func() (set, pool Change) {
		p := AgainstLive(LiveInput{Policy: policy, Side: after, Seen: seen, Previews: make([]cluster.Preview, len(after.Desired.Objects))})
		for _, c := range p.Changes {
			switch c.Target {
			case "StatefulSet/phi":
				set = c
			case "NodePool/default-phi":
				pool = c
			}
		}
		if p.Cost.Before.Known || p.Cost.After.String() != "3.67" {
			t.Errorf("cost %+v", p.Cost)
		}
		return set, pool
	}
	if set, pool := ops(); set.Op != Delete || pool.Op != Hold || !strings.Contains(pool.Reason, "phi-0 still runs") {
		t.Errorf("with its pod: %+v, %+v", set, pool)
	}
	delete(seen.State.Workloads, key)
	if _, pool := ops(); pool.Op != Delete {
		t.Errorf("without: %+v", pool)
	}
}

// TestBetweenCommitsOnKarpenter is what a pull request says.
func TestBetweenCommitsOnKarpenter(t *testing.T) {
	policy := onKarpenter(onAzure)
	base := sideFor(t, policy, map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4")}, Observed{})
	head := sideFor(t, policy, map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4"), "b.yaml": serve("b", "Standard_NC24ads_A100_v4")}, Observed{})
	p := Between(policy, "a", "b", base, head)
	if p.Cost.Before.String() != "3.67" || p.Cost.After.String() != "7.35" {
		t.Errorf("cost %+v", p.Cost)
	}
	if !slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.Op == Create && c.Target == "NodePool/default-b" && c.Workspace.Name == "b"
	}) {
		t.Errorf("changes %+v", p.Changes)
	}
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// sideFor computes the desired state of files under a policy.
func sideFor(t *testing.T, policy desired.Policy, files map[string]string, seen desired.Observed) Side {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in, err := desired.Read(
		fs.FS(tree),
		presets.FS,
		load.Options{},
		policy.NodeSource().Admission(),
		nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, policy, seen)
	if err != nil {
		t.Fatal(err)
	}
	return Side{Set: in.Set, Desired: d}
}

func onKarpenter(k karpenter.Settings) desired.Policy {
	return desired.Policy{Cluster: "demo", Region: "eastus", Prune: true, Source: desired.NodePools{Settings: k}}
}

var (
	onAzure = karpenter.Settings{
		Class: karpenter.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"},
	}
	onAWS = karpenter.Settings{
		Class: karpenter.NodeClass{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "gpu"},
	}
)

// find returns a desired object, or nil.
func find(d desired.Desired, kind string) *unstructured.Unstructured {
	for _, o := range d.Objects {
		if o.Content.GetKind() == kind {
			return o.Content
		}
	}
	return nil
}

// TestNodePools compares whole NodePools with golden files.
func TestNodePools(t *testing.T) {
	with := func(k karpenter.Settings, f func(*karpenter.Settings)) karpenter.Settings { f(&k); return k }
	static := with(onAzure, func(k *karpenter.Settings) { k.Static = true })
	zoned := with(onAWS, func(k *karpenter.Settings) {
		zones := []string{"eu-central-1a", "eu-central-1b"}
		k.Requirements = []karpenter.Requirement{{Key: "topology.kubernetes.io/zone", Values: zones}}
	})
	classes := with(onAzure, func(k *karpenter.Settings) { k.Classes = []string{"other"} })
	const size = "Standard_NC24ads_A100_v4"
	for name, tt := range map[string]struct {
		karpenter karpenter.Settings
		file      string
	}{
		"azure":      {onAzure, serve("phi", size)},
		"azure-auto": {onAzure, serve("phi", "auto")},
		"aws-auto": {
			karpenter: zoned,
			file:      strings.Replace(serve("phi", "auto"), "{name: phi}", "{name: phi, namespace: team-a}", 1),
		},
		"class":            {classes, annotated(serve("phi", size), "kaito.sh/node-class-name: other")},
		"static":           {static, annotated(serve("phi", size), "syncer.dev/prune: disabled")},
		"static-suspended": {static, annotated(serve("phi", size), `syncer.dev/suspend: "true"`)},
		"tuning-spot":      {onAzure, annotated(tune("tuned", "example.azurecr.io/a:1"), `syncer.dev/spot: "true"`)},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"w.yaml": tt.file}
			d := sideFor(t, onKarpenter(tt.karpenter), files, desired.Observed{}).Desired
			data := nodePoolYAML(t, d)
			golden.Equal(t, "testdata/nodepool/"+name+".yaml", data)
		})
	}
}

// nodePoolYAML returns the NodePool of one Workspace without the digest of its file.
func nodePoolYAML(t *testing.T, d desired.Desired) []byte {
	t.Helper()
	pool := find(d, "NodePool")
	if pool == nil {
		t.Fatalf("no NodePool; problems %v", d.Problems)
	}
	a := pool.GetAnnotations()
	if got, want := a[cluster.AnnotationInputs], d.Workloads[0].Workspace.Digest; got != want {
		t.Errorf("annotation %s is %q, want %q", cluster.AnnotationInputs, got, want)
	}
	delete(a, cluster.AnnotationInputs)
	pool = pool.DeepCopy()
	pool.SetAnnotations(a)
	data, err := yaml.Marshal(pool.Object)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPodsChooseTheirNodePool checks that pods select the label that Karpenter sets on the nodes.
func TestPodsChooseTheirNodePool(t *testing.T) {
	d := sideFor(t, onKarpenter(onAWS), map[string]string{"w.yaml": serve("phi", "g6.xlarge")}, desired.Observed{}).Desired
	set := find(d, "StatefulSet")
	if set == nil || len(d.Pools()) != 0 {
		t.Fatalf("objects %v, pools %v, problems %v", d.Objects, d.Pools(), d.Problems)
	}
	data, err := yaml.Marshal(set.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"key: karpenter.sh/nodepool\n",
		"- default-phi\n",
		"key: app\n",
		`nvidia.com/gpu: "1"`,
		"key: sku\n",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	if strings.Contains(string(data), "agentpool") {
		t.Error("the pod is pinned to an agent pool")
	}
}

func TestSuspendedAndFinishedHaveNoNodePool(t *testing.T) {
	suspended := sideFor(
		t,
		onKarpenter(onAWS),
		map[string]string{"w.yaml": annotated(serve("phi", "g6.xlarge"), `syncer.dev/suspend: "true"`)},
		desired.Observed{},
	).Desired
	if find(suspended, "NodePool") != nil || find(suspended, "StatefulSet") == nil {
		t.Errorf("objects %v", suspended.Objects)
	}
	policy := onKarpenter(onAzure)
	files := map[string]string{"w.yaml": tune("tuned", "example.azurecr.io/a:1")}
	before := sideFor(t, policy, files, desired.Observed{}).Desired
	key := before.Workloads[0].Key
	seen := desired.Observed{Live: true, State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{
		key: {Ref: cluster.Ref{Kind: "Job", Name: "tuned"}, Inputs: before.Workloads[0].Workspace.Digest, Complete: true},
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
	seen := desired.Observed{Live: true, State: cluster.State{Nodes: []cluster.Node{
		{Name: "n", InstanceType: "g6e.xlarge", Labels: map[string]string{cluster.LabelNodePool: "default-phi"}},
	}}}
	for want, seen := range map[string]desired.Observed{"g5.xlarge": {}, "g6e.xlarge": seen} {
		if got := sideFor(t, policy, files, seen).Desired.Workloads[0].Placement.InstanceType; got != want {
			t.Errorf("placed on %s, want %s", got, want)
		}
	}
}

// TestDefaultSizeOfAzureMeansNothingElsewhere is about v1alpha1, which has one.
func TestDefaultSizeOfAzureMeansNothingElsewhere(t *testing.T) {
	file := strings.Replace(strings.Replace(serve("phi", "x"), "v1beta1", "v1alpha1", 1), "  instanceType: x\n", "", 1)
	policy := onKarpenter(onAWS)
	policy.Limits.AllowedSizes = []string{"g6.*"}
	d := sideFor(t, policy, map[string]string{"w.yaml": file}, desired.Observed{}).Desired
	if w := d.Workloads[0]; w.NodePool == nil || len(w.NodePool.Sizes) != 5 {
		t.Errorf("problems %v, NodePool %+v", d.Problems, w.NodePool)
	}
	d = sideFor(t, onKarpenter(onAzure), map[string]string{"w.yaml": file}, desired.Observed{}).Desired
	if w := d.Workloads[0]; w.NodePool == nil || !slices.Equal(w.NodePool.Sizes, []string{"Standard_NC24ads_A100_v4"}) {
		t.Errorf("problems %v, NodePool %+v", d.Problems, w.NodePool)
	}
}

func TestKarpenterRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		karpenter   karpenter.Settings
		file        string
		field, text string
	}{
		"a label that no node gets": {
			karpenter: onAWS,
			file:      strings.Replace(serve("phi", "g6.xlarge"), "{app: phi}", "{app.kubernetes.io/name: phi}", 1),
			field:     "resource.labelSelector.matchLabels",
			text:      "Karpenter sets the label app.kubernetes.io/name on no node",
		},
		"a label of syncer": {
			karpenter: onAWS,
			file:      strings.Replace(serve("phi", "g6.xlarge"), "{app: phi}", "{syncer.dev/cluster: other}", 1),
			field:     "resource.labelSelector.matchLabels.syncer.dev/cluster",
			text:      "is a label that syncer sets by itself",
		},
		"an unknown instance type": {
			karpenter: onAWS,
			file:      serve("phi", "g99.xlarge"),
			field:     "resource.instanceType",
			text:      "instance type g99.xlarge is not known",
		},
		"a node class that is not allowed": {
			karpenter: onAWS,
			file:      annotated(serve("phi", "g6.xlarge"), "kaito.sh/node-class-name: mine"),
			field:     "metadata.annotations.kaito.sh/node-class-name",
			text:      `node class "mine"`,
		},
		"a type of another cloud": {
			karpenter: onAzure,
			file:      serve("phi", "g6.xlarge"),
			field:     "resource.instanceType",
			text:      "not known",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := sideFor(t, onKarpenter(tt.karpenter), map[string]string{"w.yaml": tt.file}, desired.Observed{}).Desired
			if len(d.Problems) != 1 || d.Problems[0].Field != tt.field || !strings.Contains(d.Problems[0].Message, tt.text) ||
				len(d.Objects) != 0 {
				t.Errorf("problems %v, objects %v", d.Problems, d.Objects)
			}
		})
	}
}

func TestNodePoolsKeepToTheLimits(t *testing.T) {
	policy := onKarpenter(onAzure)
	policy.Limits.Nodes = 1
	files := map[string]string{
		"a.yaml": serve("a", "Standard_NC24ads_A100_v4"),
		"b.yaml": serve("b", "Standard_NC24ads_A100_v4"),
	}
	seen := desired.Observed{Live: true, State: cluster.State{NodePools: []cluster.NodePool{{Name: "default-b"}}}}
	s := sideFor(t, policy, files, seen)
	var pools []string
	for _, o := range s.Desired.Objects {
		if o.Content.GetKind() == "NodePool" {
			pools = append(pools, o.Content.GetName())
		}
	}
	if diff := cmp.Diff([]string{"default-b"}, pools); diff != "" {
		t.Errorf("NodePools (-want +got):\n%s", diff)
	}
	a, b := s.Desired.Workloads[0].Held, s.Desired.Workloads[1].Held
	if !strings.Contains(a, "capacity.limits.nodes is 1") || b != "" || len(s.Desired.Warnings) != 1 {
		t.Errorf("held %q, %q; warnings %q", a, b, s.Desired.Warnings)
	}
	policy.Limits = capacity.Limits{HourlyCost: 5}
	s = sideFor(
		t,
		onKarpenterWith(onAWS, policy.Limits),
		map[string]string{"a.yaml": serve("a", "g6.xlarge")},
		desired.Observed{},
	)
	if !strings.Contains(s.Desired.Workloads[0].Held, "price is unknown") {
		t.Errorf("held %q", s.Desired.Workloads[0].Held)
	}
}

func onKarpenterWith(k karpenter.Settings, l capacity.Limits) desired.Policy {
	p := onKarpenter(k)
	p.Limits = l
	return p
}

func TestNodePoolOutlivesItsPods(t *testing.T) {
	policy := onKarpenter(onAzure)
	before := sideFor(
		t,
		policy,
		map[string]string{
			"w.yaml": serve("phi", "Standard_NC24ads_A100_v4"),
			"x.yaml": serve("x", "Standard_NC24ads_A100_v4"),
		},
		desired.Observed{},
	)
	seen := liveOf(before)
	key := workspace.Key{Namespace: "default", Name: "phi"}
	for _, o := range seen.State.Objects {
		if o.Kind == "NodePool" {
			seen.State.NodePools = append(seen.State.NodePools, cluster.NodePool{Name: o.Name, Workspace: o.Workspace})
		}
	}
	seen.State.Nodes = []cluster.Node{{Name: "n", Labels: map[string]string{cluster.LabelNodePool: "default-phi"}}}
	seen.State.Workloads[key] = cluster.Workload{Pods: []cluster.Pod{{Name: "phi-0", Node: "n", Phase: "Running"}}}
	after := sideFor(t, policy, map[string]string{"x.yaml": serve("x", "Standard_NC24ads_A100_v4")}, seen)
	ops := func() (set, pool *Change) {
		p := AgainstLive(
			LiveInput{Policy: policy, Side: after, Seen: seen, Previews: blank(len(after.Desired.Objects))},
		)
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

// TestBetweenCommitsOnKarpenter checks the plan of a pull request.
func TestBetweenCommitsOnKarpenter(t *testing.T) {
	policy := onKarpenter(onAzure)
	base := sideFor(t, policy, map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4")}, desired.Observed{})
	head := sideFor(
		t,
		policy,
		map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4"), "b.yaml": serve("b", "Standard_NC24ads_A100_v4")},
		desired.Observed{},
	)
	p := Between(policy, "a", "b", base, head)
	if p.Cost.Before.String() != "3.67" || p.Cost.After.String() != "7.35" {
		t.Errorf("cost %+v", p.Cost)
	}
	if !slices.ContainsFunc(p.Changes, func(c *Change) bool {
		return c.Op == Create && c.Target == "NodePool/default-b" && c.Workspace.Name == "b"
	}) {
		t.Errorf("changes %+v", p.Changes)
	}
}

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv"
)

// setupWithout starts everything but Azure.
func setupWithout(t *testing.T, capacity string) (*env, dynamic.Interface) {
	t.Helper()
	e := &env{T: t}
	c := testenv.StartCluster(t, "-pod-delay", "100ms", "-job-duration", "1s")
	e.wire(c, capacity)
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return e, dynamic.NewForConfigOrDie(cfg)
}

// pushValid pushes files that pass "syncer validate", which looks at no cluster.
func (e *env) pushValid(files map[string]string) {
	e.Helper()
	dir := e.TempDir()
	for name, text := range files {
		write(e.T, filepath.Join(dir, filepath.Base(name)), text)
	}
	cmd := exec.Command(binary, "validate", dir, "--config", e.config, "--kubeconfig", "/nowhere")
	if out, err := cmd.CombinedOutput(); err != nil {
		e.Fatalf("validate: %v\n%s", err, out)
	}
	e.repo.Commit(files, "serve")
}

// addNode adds an existing node with GPUs, whose kubelet the devcluster emulates.
func (e *env) addNode(name string, gpus int, labels map[string]string) {
	e.Helper()
	size := corev1.ResourceList{
		"cpu":               resource.MustParse("24"),
		"memory":            resource.MustParse("220Gi"),
		"pods":              resource.MustParse("110"),
		"ephemeral-storage": resource.MustParse("2Ti"),
		"nvidia.com/gpu":    *resource.NewQuantity(int64(gpus), resource.DecimalSI),
	}
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Labels:      labels,
			Annotations: map[string]string{"devcluster.syncer.dev/kubelet": "adopt"},
		},
		Spec:   corev1.NodeSpec{Taints: []corev1.Taint{{Key: "sku", Value: "gpu", Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{Capacity: size, Allocatable: size},
	}
	if _, err := e.kube.CoreV1().Nodes().Create(e.Context(), n, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
}

func (e *env) removeNode(name string) {
	e.Helper()
	if err := e.kube.CoreV1().Nodes().Delete(e.Context(), name, metav1.DeleteOptions{}); err != nil &&
		!apierrors.IsNotFound(err) {
		e.Fatal(err)
	}
}

// a100 returns the labels of a node with A100 GPUs.
func a100(gpus, app string) map[string]string {
	return map[string]string{
		"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB",
		"nvidia.com/gpu.count":   gpus,
		"nvidia.com/gpu.memory":  "81920",
		"app":                    app,
	}
}

func sizeless(name string) string {
	return strings.Replace(inference(name, "phi-4-mini-instruct"), "  instanceType: Standard_NC24ads_A100_v4\n", "", 1)
}

// waitResource waits until the recorded condition ResourceReady has a reason and a message.
func (e *env) waitResource(name, reason, message string) status.Report {
	e.Helper()
	var r status.Report
	e.eventually(name+" to be "+reason, func() string {
		var err error
		if r, err = e.report(name); err != nil {
			return err.Error()
		}
		for _, c := range r.Conditions {
			if c.Type == status.ResourceReady && c.Reason == reason && strings.Contains(c.Message, message) {
				return ""
			}
		}
		return fmt.Sprintf("%s: %+v", r.State, r.Conditions)
	})
	return r
}

func (e *env) boundTo(pod string) string {
	e.Helper()
	p, err := e.kube.CoreV1().Pods("default").Get(e.Context(), pod, metav1.GetOptions{})
	if err != nil {
		e.Fatal(err)
	}
	return p.Spec.NodeName
}

// TestExistingNodes serves on nodes that come and go, without any cloud.
func TestExistingNodes(t *testing.T) {
	e, _ := setupWithout(t, "{mode: byo}")
	e.pushValid(map[string]string{"workspaces/phi.yaml": sizeless("phi"), "workspaces/late.yaml": sizeless("late")})
	e.addNode("gpu-0", 1, a100("1", "phi"))
	p := e.start("run")
	r := e.waitState("phi", status.Ready)
	if node := e.boundTo("phi-0"); node != "gpu-0" || !slices.Equal(r.WorkerNodes, []string{"gpu-0"}) ||
		r.Endpoint != "http://phi.default.svc:80" ||
		len(r.Pools) != 0 {
		t.Errorf("bound to %q; report %+v", node, r)
	}
	e.waitResource("late", "NodesMissing", "0 of 1 nodes: 1 more needed that match app=late")
	if code, body := p.get("/readyz"); code != 200 || strings.Contains(body, "azure") {
		t.Errorf("/readyz: %d %s", code, body)
	}

	e.addNode("gpu-1", 2, a100("2", "late"))
	e.waitState("late", status.Ready)

	if code := e.start("plan", "--exit-code").ended(); code != 0 {
		t.Errorf("plan: exit code %d: something would change", code)
	}

	before := e.ours()
	e.removeNode("gpu-0")
	r = e.waitState("phi", status.NotReady)
	e.waitResource("phi", "NodesMissing", "0 of 1 nodes")
	if r.TargetNodeCount != 1 || len(r.Objects) == 0 || len(r.WorkerNodes) != 0 {
		t.Errorf("report %+v", r)
	}
	for name := range before {
		if _, ok := e.ours()[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
	e.addNode("gpu-2", 1, a100("1", "phi"))
	e.waitState("phi", status.Ready)
	if node := e.boundTo("phi-0"); node != "gpu-2" {
		t.Errorf("bound to %q", node)
	}

	// One Workspace more than GPUs gets the reason GPUsTaken, and takes no GPU of another.
	e.repo.Commit(
		map[string]string{"workspaces/third.yaml": strings.Replace(sizeless("third"), "app: third", "app: late", 1)},
		"one too many",
	)
	e.waitResource("third", "GPUsTaken", "taken on gpu-1 by default/late")
	e.waitState("late", status.Ready)
	e.addNode("gpu-3", 1, a100("1", "late"))
	e.waitResource("third", "NodesDiffer", "gpu-1 has 2 x NVIDIA-A100-SXM4-80GB 80 GiB, gpu-3 has 1 x")
}

// The resources of Karpenter.
var (
	nodePools  = schema.GroupVersionResource{Group: "karpenter.sh", Version: "v1", Resource: "nodepools"}
	nodeClaims = schema.GroupVersionResource{Group: "karpenter.sh", Version: "v1", Resource: "nodeclaims"}
	crds       = schema.GroupVersionResource{
		Group:    "apiextensions.k8s.io",
		Version:  "v1",
		Resource: "customresourcedefinitions",
	}
)

// installKarpenter defines Karpenter's kinds.
func (e *env) installKarpenter(d dynamic.Interface) {
	e.Helper()
	root, err := testenv.Root()
	if err != nil {
		e.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "internal/testenv/testdata/karpenter.yaml"))
	if err != nil {
		e.Fatal(err)
	}
	for doc := range bytes.SplitSeq(data, []byte("\n---\n")) {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &u.Object); err != nil {
			e.Fatal(err)
		}
		if _, err := d.Resource(crds).Create(e.Context(), u, metav1.CreateOptions{}); err != nil {
			e.Fatal(err)
		}
	}
}

// nodePoolNames lists the NodePools that exist.
func (e *env) nodePoolNames(d dynamic.Interface) []string {
	e.Helper()
	list, err := d.Resource(nodePools).List(context.Background(), metav1.ListOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		e.Fatal(err)
	}
	var out []string
	if list != nil {
		for _, u := range list.Items {
			out = append(out, u.GetName())
		}
	}
	slices.Sort(out)
	return out
}

// provision emulates Karpenter: it creates a node of the first type that a NodePool allows, with its labels and taints.
func (e *env) provision(d dynamic.Interface, pool, node string) {
	e.Helper()
	u, err := d.Resource(nodePools).Get(e.Context(), pool, metav1.GetOptions{})
	if err != nil {
		e.Fatal(err)
	}
	labels, _, _ := unstructured.NestedStringMap(u.Object, "spec", "template", "metadata", "labels")
	requirements, _, _ := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "requirements")
	for _, r := range requirements {
		m := r.(map[string]any)
		labels[m["key"].(string)] = m["values"].([]any)[0].(string)
	}
	labels["karpenter.sh/nodepool"] = pool
	e.addNode(node, 1, labels)
}

// TestKarpenter serves on nodes of Karpenter, which the test installs late, and removes everything at the end.
func TestKarpenter(t *testing.T) {
	e, d := setupWithout(
		t,
		"{mode: karpenter, karpenter: {nodeClass: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}}}",
	)
	e.pushValid(
		map[string]string{
			"workspaces/phi.yaml": sizeless("phi"),
			"workspaces/other.yaml": strings.Replace(
				inference("other", "phi-4-mini-instruct"),
				"Standard_NC24ads_A100_v4",
				"g6.xlarge",
				1,
			),
		},
	)
	p := e.start("run")
	e.waitResource("phi", "NodePoolFailed", "the cluster has no Karpenter (karpenter.sh/v1 NodePool)")
	e.installKarpenter(d)
	e.waitResource("phi", "NodePoolNotReady", "0 of 1 nodes, Karpenter has created no NodeClaim")
	if names := e.nodePoolNames(d); !slices.Equal(names, []string{"default-other", "default-phi"}) {
		t.Fatalf("NodePools %v", names)
	}

	// The condition quotes Karpenter about a NodeClaim that fails.
	claim := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
		"metadata": map[string]any{
			"name":   "default-phi-abcde",
			"labels": map[string]any{"karpenter.sh/nodepool": "default-phi", "syncer.dev/cluster": clusterName},
		},
	}}
	claim, err := d.Resource(nodeClaims).Create(t.Context(), claim, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = unstructured.SetNestedSlice(
		claim.Object,
		[]any{
			map[string]any{
				"type":    "Launched",
				"status":  "False",
				"reason":  "InsufficientCapacity",
				"message": "no g6.xlarge is left",
			},
		},
		"status",
		"conditions",
	)
	if _, err := d.Resource(nodeClaims).UpdateStatus(t.Context(), claim, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	e.waitResource("phi", "InsufficientCapacity", "NodeClaim default-phi-abcde: no g6.xlarge is left")

	e.provision(d, "default-phi", "node-phi")
	e.provision(d, "default-other", "node-other")
	r := e.waitState("phi", status.Ready)
	e.waitState("other", status.Ready)
	if node := e.boundTo("phi-0"); node != "node-phi" || !slices.Equal(r.WorkerNodes, []string{"node-phi"}) ||
		!slices.Contains(r.Objects, "NodePool/default-phi") {
		t.Errorf("bound to %q; report %+v", node, r)
	}
	p.kill()

	writes := func() string {
		out := fmt.Sprint(e.ours())
		list, err := d.Resource(nodePools).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range list.Items {
			out += " " + u.GetName() + "=" + u.GetResourceVersion()
		}
		return out + " " + e.statusCommits()
	}
	if code := e.start("run", "--wait").ended(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	before := writes()
	if code := e.start("run", "--once").ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if now := writes(); now != before {
		t.Errorf("a second run wrote:\n%s\n%s", before, now)
	}

	e.repo.Commit(
		map[string]string{
			"workspaces/phi.yaml": strings.Replace(
				sizeless("phi"),
				"{name: phi}",
				`{name: phi, annotations: {syncer.dev/suspend: "true"}}`,
				1,
			),
		},
		"suspend phi",
	)
	e.start("run")
	e.waitResource("phi", "Suspended", "Karpenter removes its nodes")
	e.waitNodePools(d, "default-other")
	e.repo.Remove("no more other", "workspaces/other.yaml")
	e.waitNodePools(d)

	// A tuning has its NodePool for as long as it runs.
	e.repo.Commit(
		map[string]string{
			"workspaces/tune.yaml": strings.NewReplacer("Standard_NC6s_v3", "p5.4xlarge", "v1alpha1", "v1beta1").
				Replace(tuning("tune")),
		},
		"tune",
	)
	e.waitNodePools(d, "default-tune")
	e.provision(d, "default-tune", "node-tune")
	e.waitState("tune", status.Succeeded)
	e.waitNodePools(d)
	e.waitResource("tune", "NodePoolReleased", "the job is over")
}

// waitNodePools waits until exactly these NodePools exist.
func (e *env) waitNodePools(d dynamic.Interface, names ...string) {
	e.Helper()
	e.eventually(fmt.Sprintf("the NodePools to be %v", names), func() string {
		if now := e.nodePoolNames(d); !slices.Equal(now, names) {
			return fmt.Sprint(now)
		}
		return ""
	})
}

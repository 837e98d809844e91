// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

// definitions reads the CustomResourceDefinitions of Karpenter's kinds.
func definitions(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "internal/testenv/testdata/karpenter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for doc := range bytes.SplitSeq(data, []byte("\n---\n")) {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &u.Object); err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

// externalSecret defines a kind of plain objects, as an operator does.
const externalSecret = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: externalsecrets.external-secrets.io}
spec:
  group: external-secrets.io
  scope: Namespaced
  names: {kind: ExternalSecret, plural: externalsecrets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

// connectWith returns a Cluster that watches more than others, and sees one new namespace.
func connectWith(t *testing.T, o Options) (*Cluster, string) {
	t.Helper()
	_, ns := connect(t, shared.kubeconfig)
	o.Kubeconfig, o.Cluster, o.Namespaces = shared.kubeconfig, owner, []string{ns}
	c, err := Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the first listing", func(cluster.State) string { return "" })
	return c, ns
}

// observed waits until what is live is as ok says, and returns it.
func observed(t *testing.T, c *Cluster, what string, ok func(cluster.State) string) cluster.State {
	t.Helper()
	var s cluster.State
	eventually(t, what, func() string {
		var err error
		if s, err = c.Observe(t.Context()); err != nil {
			return err.Error()
		}
		return ok(s)
	})
	return s
}

// listed reports whether all objects of a kind are known.
func listed(c *Cluster, group, kind string) bool {
	_, complete := c.watches.Object(schema.GroupKind{Group: group, Kind: kind}, "", "")
	return complete
}

func install(t *testing.T, c *Cluster, definitions ...*unstructured.Unstructured) {
	t.Helper()
	for _, d := range definitions {
		eventually(t, "the definition", func() string { // that of another test may still be going
			if err := c.client.Create(t.Context(), d.DeepCopy()); err != nil {
				return err.Error()
			}
			return ""
		})
		t.Cleanup(func() { _ = c.client.Delete(context.Background(), d.DeepCopy()) })
	}
}

func nodePool(name string) *unstructured.Unstructured {
	p := karpenter.NodePool{
		Name:      "default-" + name,
		Workspace: workspace.Key{Namespace: "default", Name: name},
		Cluster:   owner,
		Nodes:     1,
		GPUs:      1,
		Sizes:     []string{"g6.xlarge"},
		Class: karpenter.NodeClass{
			Group: "karpenter.k8s.aws",
			Kind:  "EC2NodeClass",
			Name:  "gpu",
		},
		Labels: map[string]string{"app": name},
	}
	return &unstructured.Unstructured{Object: p.Object()}
}

// refusal returns why an object would not be applied, or "".
func refusalOf(t *testing.T, c *Cluster, o *unstructured.Unstructured) string {
	t.Helper()
	previews, err := c.Preview(t.Context(), []*unstructured.Unstructured{o})
	if err != nil {
		t.Fatal(err)
	}
	if previews[0].Err == nil {
		return ""
	}
	return previews[0].Err.Error()
}

// TestNodePools installs Karpenter in a cluster, uses it, and removes it.
func TestNodePools(t *testing.T) {
	c, ns := connectWith(t, Options{Karpenter: true})
	pool := nodePool("phi")
	noKarpenterRefusesOnlyNodePools(t, c, pool, configMap(t, ns, "other", "1"))

	install(t, c, definitions(t)...)
	created := createNodePool(t, c, pool)
	nodePoolIsRepaired(t, c, pool)
	invalidNodePoolsAreRefused(t, c, pool)
	t.Run("conditions", func(t *testing.T) { conditionsOfKarpenter(t, c, pool) })
	pruneNodePool(t, c, created)
	removeKarpenter(t, c, pool)
}

func noKarpenterRefusesOnlyNodePools(t *testing.T, c *Cluster, pool, other *unstructured.Unstructured) {
	t.Helper()
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{pool, other})
	if err != nil || changes[0].Result != cluster.Failed ||
		!strings.Contains(changes[0].Err.Error(), "the cluster has no Karpenter (karpenter.sh/v1 NodePool)") ||
		changes[1].Result != cluster.Created {
		t.Fatalf("without Karpenter: %+v, %v", changes, err)
	}
}

// createNodePool applies the NodePool of Workspace phi, and returns it as Observe reports it.
func createNodePool(t *testing.T, c *Cluster, pool *unstructured.Unstructured) *cluster.Object {
	t.Helper()
	eventually(t, "the NodePool to be created", func() string {
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{pool})
		if err != nil || changes[0].Result != cluster.Created && changes[0].Result != cluster.Unchanged {
			return fmt.Sprint(changes, err)
		}
		return ""
	})
	key := workspace.Key{Namespace: "default", Name: "phi"}
	s := observed(t, c, "the NodePool to be seen", func(s cluster.State) string {
		if len(s.NodePools) != 1 {
			return fmt.Sprintf("%+v", s.NodePools)
		}
		return ""
	})
	i := slices.IndexFunc(s.Objects, func(o *cluster.Object) bool { return o.Kind == "NodePool" })
	if i < 0 || s.Objects[i].Workspace != key || !s.Objects[i].Owned || s.NodePools[0].Workspace != key {
		t.Fatalf("objects %+v, NodePools %+v", s.Objects, s.NodePools)
	}
	return s.Objects[i]
}

func nodePoolIsRepaired(t *testing.T, c *Cluster, pool *unstructured.Unstructured) {
	t.Helper()
	settle(t, c, pool)
	before := fmt.Sprint(asked(c))
	apply(t, c, cluster.Unchanged, pool)
	if now := fmt.Sprint(asked(c)); now != before {
		t.Errorf("an unchanged NodePool cost requests: %s, then %s", before, now)
	}
	edit(t, c, pool, func(u *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(u.Object, "9", "spec", "limits", "nvidia.com/gpu")
	})
	repaired(t, c, pool)
}

func invalidNodePoolsAreRefused(t *testing.T, c *Cluster, pool *unstructured.Unstructured) {
	t.Helper()
	bad := pool.DeepCopy()
	_ = unstructured.SetNestedField(bad.Object, "x", "spec", "template", "metadata", "labels", "app.kubernetes.io/name")
	if text := refusalOf(t, c, bad); !strings.Contains(text, "not for users") {
		t.Errorf("a label in a closed domain: %q", text)
	}
	theirs := nodePool("theirs")
	theirs.SetLabels(nil)
	if err := c.client.Create(t.Context(), theirs.DeepCopy(), client.FieldOwner("kubectl")); err != nil {
		t.Fatal(err)
	}
	if text := refusalOf(t, c, nodePool("theirs")); !strings.Contains(text, "belongs to kubectl") ||
		strings.Contains(text, "-n ") {
		t.Errorf("another owner's NodePool: %q", text)
	}
}

func pruneNodePool(t *testing.T, c *Cluster, pool *cluster.Object) {
	t.Helper()
	changes, err := c.Prune(t.Context(), []*cluster.Object{pool})
	if err != nil || changes[0].Result != cluster.Deleted {
		t.Errorf("prune: %+v, %v", changes, err)
	}
	observed(t, c, "the NodePool to be gone", func(s cluster.State) string {
		if len(s.NodePools) != 0 {
			return fmt.Sprintf("%+v", s.NodePools)
		}
		return ""
	})
}

// removeKarpenter deletes Karpenter's kinds: syncer then refuses the NodePool, and still observes the other objects.
func removeKarpenter(t *testing.T, c *Cluster, pool *unstructured.Unstructured) {
	t.Helper()
	for _, d := range definitions(t) {
		if err := c.client.Delete(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "Karpenter to be missed", func() string {
		if text := refusalOf(t, c, pool); !strings.Contains(text, "the cluster has no Karpenter") {
			return text
		}
		return ""
	})
	observed(t, c, "the rest", func(s cluster.State) string {
		if !slices.ContainsFunc(s.Objects, func(o *cluster.Object) bool { return o.Name == "other" }) {
			return fmt.Sprintf("%+v", s.Objects)
		}
		return ""
	})
}

// conditionsOfKarpenter plays Karpenter, which finds no capacity.
func conditionsOfKarpenter(t *testing.T, c *Cluster, pool *unstructured.Unstructured) {
	claim := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
		"metadata": map[string]any{
			"name":   "default-phi-x",
			"labels": map[string]any{cluster.LabelNodePool: pool.GetName(), cluster.LabelCluster: owner},
		},
	}}
	if err := c.client.Create(t.Context(), claim.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	report := func(o *unstructured.Unstructured, conditions ...any) {
		t.Helper()
		eventually(t, "the conditions", func() string {
			u := live(t, c, o)
			u.Object["status"] = map[string]any{"conditions": conditions, "nodeName": "n"}
			if err := c.client.Status().Update(t.Context(), u); err != nil {
				return err.Error()
			}
			return ""
		})
	}
	report(
		claim,
		map[string]any{"type": "Registered", "status": "Unknown", "reason": "NodeNotFound", "message": "no node"},
		map[string]any{"type": "Launched", "status": "False", "reason": "InsufficientCapacity", "message": "none left"},
	)
	report(
		pool,
		map[string]any{"type": "Ready", "status": "False", "reason": "NodeClassNotReady", "message": "there is none"},
	)
	want := cluster.NodePool{
		Name:      pool.GetName(),
		Workspace: workspace.Key{Namespace: "default", Name: "phi"},
		NotReady:  cluster.Failure{Reason: "NodeClassNotReady", Message: "there is none"},
		Claims: []cluster.NodeClaim{
			{Name: "default-phi-x", Node: "n", Failure: cluster.Failure{Reason: "InsufficientCapacity", Message: "none left"}},
		},
	}
	observed(t, c, "the conditions to be seen", func(s cluster.State) string {
		if len(s.NodePools) != 1 || fmt.Sprint(s.NodePools[0]) != fmt.Sprint(want) {
			return fmt.Sprintf("%+v", s.NodePools)
		}
		return ""
	})
}

// secretOf returns an ExternalSecret in one version of its kind.
func secretOf(t *testing.T, ns, version, name string) *unstructured.Unstructured {
	t.Helper()
	return object(t, ns, fmt.Sprintf(`apiVersion: external-secrets.io/%s
kind: ExternalSecret
metadata: {name: %s}
spec: {refreshInterval: 1h}
`, version, name))
}

// TestPlainKindsAreWatchedAndPruned shows that syncer treats objects of custom kinds like all others.
func TestPlainKindsAreWatchedAndPruned(t *testing.T) {
	c, ns := connectWith(
		t,
		Options{Kinds: []string{"ConfigMap", "ExternalSecret.external-secrets.io", "SealedSecret.bitnami.com"}},
	)
	definition := object(t, "", externalSecret)
	definition.SetNamespace("")
	definition.SetLabels(nil)
	definition.SetAnnotations(nil)
	secret := secretOf(t, ns, "v1", "token")
	text := refusalOf(t, c, secret)
	if !strings.Contains(text, "does not know the kind ExternalSecret (external-secrets.io/v1)") {
		t.Errorf("before its kind exists: %q", text)
	}
	install(t, c, definition)
	eventually(t, "the object to be created", func() string {
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{secret})
		if err != nil || changes[0].Result == cluster.Failed {
			return fmt.Sprint(changes, err)
		}
		return ""
	})
	settle(t, c, secret)
	edit(t, c, secret, func(u *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(u.Object, "9h", "spec", "refreshInterval")
	})
	repaired(t, c, secret)
	s := observed(t, c, "the object to be seen", func(s cluster.State) string {
		if len(s.Objects) != 1 || s.Objects[0].Kind != "ExternalSecret" {
			return fmt.Sprintf("%+v", s.Objects)
		}
		return ""
	})
	if changes, err := c.Prune(t.Context(), s.Objects); err != nil || changes[0].Result != cluster.Deleted {
		t.Errorf("%+v, %v", changes, err)
	}
}

// TestForeignPodsTakeGPUs counts what pods of others ask for, and not what ours do.
func TestForeignPodsTakeGPUs(t *testing.T) {
	c, ns := connectWith(t, Options{Foreign: true})
	size := corev1.ResourceList{
		"cpu":            resource.MustParse("8"),
		"memory":         resource.MustParse("8Gi"),
		"pods":           resource.MustParse("10"),
		"nvidia.com/gpu": resource.MustParse("4"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "foreign-" + ns,
			Annotations: map[string]string{"devcluster.syncer.dev/kubelet": "adopt"},
		},
		Status: corev1.NodeStatus{Capacity: size, Allocatable: size},
	}
	if _, err := shared.kube.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shared.kube.CoreV1().Nodes().Delete(context.Background(), node.Name, metav1.DeleteOptions{})
	})
	for name, labels := range map[string]map[string]string{
		"ours":   {cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner},
		"theirs": nil,
	} {
		gpus := corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("1")}
		_, err := shared.kube.CoreV1().Pods(ns).Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
			Spec: corev1.PodSpec{NodeName: node.Name, Containers: []corev1.Container{
				{Name: "a", Image: "example.com/a", Resources: corev1.ResourceRequirements{Limits: gpus}},
				{Name: "b", Image: "example.com/b", Resources: corev1.ResourceRequirements{Limits: gpus}},
			}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	observed(t, c, "two GPUs to be taken", func(s cluster.State) string {
		for _, n := range s.Nodes {
			if n.Name == node.Name && n.Taken == 2 {
				return ""
			}
		}
		return fmt.Sprintf("%+v", s.Nodes)
	})
}

// A kind that an upgrade takes away and brings back in another version is watched again.
func TestKindInAnotherVersion(t *testing.T) {
	admin, _ := connect(t, shared.kubeconfig)
	define := func(version string) *unstructured.Unstructured {
		d := object(t, "", strings.Replace(externalSecret, "- name: v1\n", "- name: "+version+"\n", 1))
		d.SetNamespace("")
		d.SetLabels(nil)
		d.SetAnnotations(nil)
		return d
	}
	old := define("v1")
	install(t, admin, old)
	c, ns := connectWith(t, Options{Kinds: []string{"ExternalSecret.external-secrets.io"}})
	create := func(version, name string) {
		t.Helper()
		apply(t, c, cluster.Created, secretOf(t, ns, version, name))
		observed(t, c, name, func(s cluster.State) string {
			if len(s.Objects) != 1 || s.Objects[0].Name != name || s.Objects[0].Version != version {
				return fmt.Sprintf("%+v", s.Objects)
			}
			return ""
		})
	}
	observed(t, c, "the kind to be watched", func(cluster.State) string {
		if !listed(c, "external-secrets.io", "ExternalSecret") {
			return "not yet"
		}
		return ""
	})
	create("v1", "before")
	if err := admin.client.Delete(t.Context(), old.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	observed(t, c, "the kind to go", func(s cluster.State) string {
		if listed(c, "external-secrets.io", "ExternalSecret") || len(s.Objects) > 0 {
			return "still there"
		}
		return ""
	})
	install(t, admin, define("v2"))
	observed(t, c, "the kind to be watched again", func(cluster.State) string {
		if !listed(c, "external-secrets.io", "ExternalSecret") {
			return "not yet"
		}
		return ""
	})
	create("v2", "after")
}

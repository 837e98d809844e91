// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/status"
)

// create makes the objects of a file, as KAITO's controller.
func (e *env) create(file string, replace ...string) {
	e.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		e.Fatal(err)
	}
	dec := yaml.NewYAMLOrJSONDecoder(strings.NewReader(strings.NewReplacer(replace...).Replace(string(data))), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := dec.Decode(u); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			e.Fatal(err)
		}
		e.eventually("the kind of "+u.GetName(), func() string {
			err := e.client().Create(e.Context(), u, client.FieldOwner("workspace"))
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return err.Error()
			}
			return ""
		})
	}
}

// command runs syncer to its end, and returns what it prints and its exit code.
func (e *env) command(args ...string) (out string, code int) {
	e.Helper()
	cmd := exec.Command(binary, append(args, "--config", e.config)...)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		e.Fatal(err)
	}
	return text.String(), code
}

// wantCommand fails the test unless a command has the exit code, and prints the texts.
func (e *env) wantCommand(code int, texts []string, args ...string) {
	e.Helper()
	if out, got := e.command(args...); got != code || !contains(strings.Join(strings.Fields(out), " "), texts...) {
		e.Errorf("syncer %q: exit code %d, want %d with %q:\n%s", args, got, code, texts, out)
	}
}

// owners counts the owner references of the objects that KAITO made for a Workspace.
func (e *env) owners() int {
	e.Helper()
	set, err1 := e.kube.AppsV1().StatefulSets("default").Get(e.Context(), "phi", metav1.GetOptions{})
	service, err2 := e.kube.CoreV1().Services("default").Get(e.Context(), "phi", metav1.GetOptions{})
	headless, err3 := e.kube.CoreV1().Services("default").Get(e.Context(), "phi-headless", metav1.GetOptions{})
	if err := errors.Join(err1, err2, err3); err != nil {
		e.Fatal(err)
	}
	return len(set.OwnerReferences) + len(service.OwnerReferences) + len(headless.OwnerReferences)
}

// kaito makes what KAITO and gpu-provisioner leave in a cluster, with texts of the file replaced, and returns KAITO's
// Workspace and the pod that serves.
func (e *env) kaito(replace ...string) (workspace *unstructured.Unstructured, pod types.UID) {
	e.Helper()
	e.create("testdata/kaito-kinds.yaml")
	if err := e.client().Create(e.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: "kaito-system"},
	}); err != nil {
		e.Fatal(err)
	}
	workspace = &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(inference("phi", "phi-4-mini-instruct")), &workspace.Object); err != nil {
		e.Fatal(err)
	}
	workspace.SetNamespace("default")
	e.eventually("the kind Workspace", func() string {
		if err := e.client().Create(e.Context(), workspace); err != nil {
			return err.Error()
		}
		return ""
	})
	e.create("testdata/kaito.yaml", append([]string{"OWNER", string(workspace.GetUID())}, replace...)...)
	e.claimedNode("aks-ws123-0", "ws123")
	e.eventually("the pod of KAITO", func() string {
		p, err := e.kube.CoreV1().Pods("default").Get(e.Context(), "phi-0", metav1.GetOptions{})
		if err != nil || p.Status.Phase != corev1.PodRunning {
			return fmt.Sprint(p.Status.Phase, err)
		}
		pod = p.UID
		return ""
	})
	return workspace, pod
}

// claimedNode adds a node that gpu-provisioner made for a NodeClaim.
func (e *env) claimedNode(name, claim string) {
	e.Helper()
	c := e.claim(claim)
	e.addNode(name, 1, map[string]string{
		"kubernetes.azure.com/agentpool":   claim,
		"node.kubernetes.io/instance-type": "Standard_NC24ads_A100_v4",
		"karpenter.sh/nodepool":            "kaito",
		"kaito.sh/workspace":               "phi",
		"kaito.sh/workspacenamespace":      "default",
		"app":                              "phi",
	})
	owner := fmt.Sprintf(`{"metadata":{"ownerReferences":[{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim","name":%q,
		"uid":%q,"blockOwnerDeletion":true}]}}`, claim, c.GetUID())
	if _, err := e.kube.CoreV1().Nodes().Patch(e.Context(), name, types.MergePatchType, []byte(owner),
		metav1.PatchOptions{}); err != nil {
		e.Fatal(err)
	}
}

// claim returns a NodeClaim, which must exist.
func (e *env) claim(name string) *unstructured.Unstructured {
	e.Helper()
	claim := &unstructured.Unstructured{}
	claim.SetAPIVersion("karpenter.sh/v1")
	claim.SetKind("NodeClaim")
	if err := e.client().Get(e.Context(), client.ObjectKey{Name: name}, claim); err != nil {
		e.Fatalf("NodeClaim %s: %v", name, err)
	}
	return claim
}

// stopKAITO does what adopt asks for.
func (e *env) stopKAITO() {
	e.Helper()
	if _, err := e.kube.AppsV1().Deployments("kaito-system").Patch(e.Context(), "kaito-workspace", types.MergePatchType,
		[]byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{}); err != nil {
		e.Fatal(err)
	}
}

// servesAs fails the test unless the pod that serves is still the one of a uid.
func (e *env) servesAs(pod types.UID) {
	e.Helper()
	p, err := e.kube.CoreV1().Pods("default").Get(e.Context(), "phi-0", metav1.GetOptions{})
	if err != nil || p.UID != pod || p.DeletionTimestamp != nil {
		e.Errorf("the pod restarted: %v", err)
	}
}

// TestAdopt takes over what KAITO runs: without a restart, back and forth, and so that it outlives its Workspace. It
// stays on the node of its NodeClaim, also with a change, until its file asks for another one.
func TestAdopt(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "phi")
	workspace, pod := e.kaito()
	before, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	stop := "kubectl -n kaito-system scale deployment kaito-workspace --replicas=0"
	e.wantCommand(0, []string{
		"detach default StatefulSet/phi from Workspace/phi; no restart; it stays on nodes of NodeClaim ws123",
		"detach default Service/phi from Workspace/phi; no restart", stop,
	}, "adopt")
	e.wantCommand(1, []string{"KAITO runs", stop}, "adopt", "--yes")
	e.stopKAITO()
	if n := e.owners(); n != 3 {
		t.Errorf("%d owner references after plans alone", n)
	}
	e.wantCommand(0, []string{
		"detach default StatefulSet/phi", "detach default Service/phi from", "detach default Service/phi-headless",
		"leave NodeClaim/ws123 KAITO's; deleting it deletes node aks-ws123-0, on which Workspace phi may run",
	}, "adopt", "--yes")
	if n := e.owners(); n != 0 {
		t.Errorf("%d owner references after adopt", n)
	}
	e.wantCommand(0, []string{"nothing of KAITO's is there to take over"}, "adopt", "other")
	e.wantCommand(0, []string{"restore default StatefulSet/phi to Workspace/phi"}, "adopt", "--undo", "--yes", "phi")
	back, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if n := e.owners(); n != 3 || err != nil || len(back.Labels) != 0 || len(back.Annotations) != len(before.Annotations) {
		t.Errorf("%d owner references after undo, labels %v, annotations %v, %v", n, back.Labels, back.Annotations, err)
	}
	e.wantCommand(0, []string{`"kind": "Adoption"`, `"restart": "no"`, `"done": true`}, "adopt", "--yes", "-o", "json")

	e.outlives(workspace)
	e.wantCommand(0, []string{"leave default StatefulSet/phi Workspace/phi is gone"}, "adopt", "--undo", "--yes")
	e.servesAs(pod)
	if out, _ := e.command("plan"); !contains(out, "~ StatefulSet/phi") || contains(out, "spec.template") {
		t.Errorf("plan:\n%s", out)
	}

	e.start("run")
	r := e.waitResource("phi", "NodesReady", "1 of 1 nodes, nodes of NodeClaim ws123; annotation syncer.dev/nodes")
	e.waitState("phi", status.Ready)
	e.servesAs(pod)
	after, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil || after.UID != before.UID || after.Labels["app.kubernetes.io/managed-by"] != "syncer" ||
		after.Annotations["syncer.dev/adopted-template"] == "" ||
		after.Status.UpdateRevision != before.Status.UpdateRevision {
		t.Errorf("%s was %s, labels %v, annotations %v, %v", after.UID, before.UID, after.Labels, after.Annotations, err)
	}
	if !slices.Equal(r.WorkerNodes, []string{"aks-ws123-0"}) || len(e.azure.Ready("rg", "aks")) > 1 {
		t.Errorf("worker nodes %q, pools %v", r.WorkerNodes, e.azure.Ready("rg", "aks"))
	}
	e.wantCommand(0, []string{"no changes"}, "plan")
	e.leavesClaim(pod)
}

// leavesClaim changes a Workspace that was taken over, which restarts on its node, and then moves it to a pool.
func (e *env) leavesClaim(pod types.UID) {
	e.Helper()
	file := func(annotations string) map[string]string {
		return map[string]string{"workspaces/phi.yaml": strings.Replace(inference("phi", "phi-4-mini-instruct"),
			"{name: phi}", "{name: phi, annotations: {"+annotations+"}}", 1)}
	}
	e.repo.Commit(file(`kaito.sh/disable-benchmark: "true"`), "no benchmark")
	e.eventually("a restart on the same node", func() string {
		p, err := e.kube.CoreV1().Pods("default").Get(e.Context(), "phi-0", metav1.GetOptions{})
		if err != nil || p.UID == pod || p.Spec.NodeName != "aks-ws123-0" ||
			p.Labels["app.kubernetes.io/managed-by"] != "syncer" {
			return fmt.Sprint(p.UID, p.Spec.NodeName, p.Labels, err)
		}
		return ""
	})
	e.waitState("phi", status.Ready)
	e.repo.Commit(file(`kaito.sh/disable-benchmark: "true", syncer.dev/nodes: own`), "own nodes")
	e.waitResource("phi", "PoolReady", "1 of 1 nodes")
	e.eventually("the move", func() string {
		p, err := e.kube.CoreV1().Pods("default").Get(e.Context(), "phi-0", metav1.GetOptions{})
		if err != nil || p.Spec.NodeName == "aks-ws123-0" || p.Spec.NodeName == "" {
			return fmt.Sprint(p.Spec.NodeName, err)
		}
		return ""
	})
	e.waitState("phi", status.Ready)
	e.claim("ws123")
}

// TestAdoptRestarts takes over a model that has to restart: the plan says why.
func TestAdoptRestarts(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "phi")
	_, pod := e.kaito(
		"        env:\n", "        env:\n        - {name: OF_KAITO_ALONE, value: \"1\"}\n",
		"kaito-base:0.5.0", "kaito-base:0.4.0",
	)
	e.stopKAITO()
	e.wantCommand(0, []string{
		"restart: image: mcr.microsoft.com/aks/kaito/kaito-base:0.4.0 -> mcr.microsoft.com/aks/kaito/kaito-base:0.5.0; " +
			"variable OF_KAITO_ALONE: a value -> none; it stays on nodes of NodeClaim ws123",
	}, "adopt", "--yes")
	e.servesAs(pod)
	e.wantCommand(0, []string{"default/phi", "~ StatefulSet/phi", "spec.template"}, "plan")
	e.start("run")
	e.eventually("the restart", func() string {
		p, err := e.kube.CoreV1().Pods("default").Get(t.Context(), "phi-0", metav1.GetOptions{})
		if err != nil || p.UID == pod || p.Spec.NodeName != "aks-ws123-0" {
			return fmt.Sprint(p.UID, p.Spec.NodeName, err)
		}
		return ""
	})
	e.waitState("phi", status.Ready)
	after, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil || len(after.Spec.Template.Spec.Containers[0].Args) == 0 {
		t.Errorf("%+v, %v", after.Spec.Template, err)
	}
	for _, v := range after.Spec.Template.Spec.Containers[0].Env {
		if v.Name == "OF_KAITO_ALONE" {
			t.Error("a variable that only KAITO has set is still there")
		}
	}
}

// outlives deletes the Workspace of KAITO, and waits until the collector has taken what belongs to it.
func (e *env) outlives(workspace *unstructured.Unstructured) {
	e.Helper()
	if err := e.client().Delete(e.Context(), workspace); err != nil {
		e.Fatal(err)
	}
	e.eventually("the collector to take what was not detached", func() string {
		_, err := e.kube.AppsV1().ControllerRevisions("default").Get(e.Context(), "phi-1", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Sprint("phi-1 is there, ", err)
		}
		return ""
	})
	if n := e.owners(); n != 0 { // it fails if one of them is gone
		e.Errorf("%d owner references", n)
	}
	e.claim("ws123")
}

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
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

// kaito makes what KAITO leaves in a cluster, and returns its Workspace and the pod that serves.
func (e *env) kaito() (workspace *unstructured.Unstructured, pod types.UID) {
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
	e.create("testdata/kaito.yaml", "OWNER", string(workspace.GetUID()))
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

// TestAdopt takes over what KAITO runs: without a restart, back and forth, and so that it outlives its Workspace.
func TestAdopt(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "phi")
	workspace, pod := e.kaito()
	before, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	stop := "kubectl -n kaito-system scale deployment kaito-workspace --replicas=0"
	e.wantCommand(0, []string{"detach default StatefulSet/phi from Workspace/phi; its pods restart once", stop}, "adopt")
	e.wantCommand(1, []string{"KAITO runs", stop}, "adopt", "--yes")
	if _, err := e.kube.AppsV1().Deployments("kaito-system").Patch(t.Context(), "kaito-workspace", types.MergePatchType,
		[]byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := e.owners(); n != 3 {
		t.Errorf("%d owner references after plans alone", n)
	}
	e.wantCommand(0, []string{
		"detach default StatefulSet/phi", "detach default Service/phi from", "detach default Service/phi-headless",
		"leave NodeClaim/ws123 KAITO's; deleting it deletes node aks-ws123-0",
	}, "adopt", "--yes")
	if n := e.owners(); n != 0 {
		t.Errorf("%d owner references after adopt", n)
	}
	e.wantCommand(0, []string{"nothing of KAITO's is there to take over"}, "adopt", "other")
	e.wantCommand(0, []string{"restore default StatefulSet/phi to Workspace/phi"}, "adopt", "--undo", "--yes", "phi")
	if n := e.owners(); n != 3 {
		t.Errorf("%d owner references after undo", n)
	}
	e.wantCommand(0, []string{`"kind": "Adoption"`, `"done": true`}, "adopt", "--yes", "-o", "json")

	e.outlives(workspace)
	e.wantCommand(0, []string{"leave default StatefulSet/phi Workspace/phi is gone"}, "adopt", "--undo", "--yes")
	p, err := e.kube.CoreV1().Pods("default").Get(t.Context(), "phi-0", metav1.GetOptions{})
	if err != nil || p.UID != pod {
		t.Errorf("the pod restarted: %v", err)
	}
	e.wantCommand(0, []string{"default/phi", "~ StatefulSet/phi", "spec.template"}, "plan")

	e.start("run")
	e.waitState("phi", status.Ready)
	after, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil || after.UID != before.UID || after.Labels["app.kubernetes.io/managed-by"] != "syncer" {
		t.Errorf("%s was %s, labels %v, %v", after.UID, before.UID, after.Labels, err)
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
	claim := &unstructured.Unstructured{}
	claim.SetAPIVersion("karpenter.sh/v1")
	claim.SetKind("NodeClaim")
	if err := e.client().Get(e.Context(), client.ObjectKey{Name: "ws123"}, claim); err != nil {
		e.Errorf("the NodeClaim: %v", err)
	}
}

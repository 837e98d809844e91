// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/status"
)

// TestInstall applies what "syncer install" prints. The kubelet of the cluster runs syncer as its two pods, each with a
// token of the service account, so that the rights are exactly those that are installed. Models are served, a pod that
// goes is replaced, and after "syncer uninstall" the models are still there.
func TestInstall(t *testing.T) {
	const image = "example.com/syncer:e2e"
	audit := filepath.Join(t.TempDir(), "audit.log")
	e := setup(t, "-run", image+"="+binary, "-audit", audit)
	text, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	inPod := filepath.Join(t.TempDir(), "syncer.yaml")
	config, _, _ := strings.Cut(string(text), "listen: ")
	// A pod of a real cluster needs no word for the election. Here it signs in by a kubeconfig.
	write(t, inPod, config+"lease: {enabled: always}\n")
	objects := e.installation("install", "--config", inPod, "--image", image)
	kube := e.client()
	for _, o := range objects {
		if err := kube.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl"),
			client.ForceOwnership); err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "phi")
	e.available()
	e.waitState("phi", status.Ready)

	pods := e.kube.CoreV1().Pods(install.Name)
	lease, err := e.kube.CoordinationV1().Leases(install.Name).Get(t.Context(), "syncer-"+clusterName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	leader := *lease.Spec.HolderIdentity
	all, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(all.Items) != 2 {
		t.Fatalf("%d pods, %v", len(all.Items), err)
	}
	for _, p := range all.Items { // one of them leads
		if err := pods.Delete(t.Context(), p.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	e.repo.Commit(map[string]string{"workspaces/second.yaml": inference("second", "phi-4-mini-instruct")}, "second")
	e.available()
	e.waitState("second", status.Ready)
	lease, err = e.kube.CoordinationV1().Leases(install.Name).Get(t.Context(), lease.Name, metav1.GetOptions{})
	if err != nil || *lease.Spec.HolderIdentity == leader {
		t.Errorf("%s still leads, %v", leader, err)
	}

	_, forbidden := requestsOf(t, audit, "system:serviceaccount:"+install.Name+":"+install.Name)
	for _, p := range forbidden {
		if !slices.Contains(optional, p) {
			t.Errorf("%s is forbidden", p)
		}
	}

	for _, o := range e.installation("uninstall", "--config", inPod) {
		if err := kube.Delete(t.Context(), o); err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	e.eventually("the pods of syncer to be gone", func() string {
		left, err := pods.List(t.Context(), metav1.ListOptions{})
		if err != nil || len(left.Items) > 0 {
			return fmt.Sprintf("%d pods, %v", len(left.Items), err)
		}
		return ""
	})
	if _, err := e.kube.AppsV1().StatefulSets("default").Get(t.Context(), "phi", metav1.GetOptions{}); err != nil {
		t.Errorf("the model is gone with syncer: %v", err)
	}
}

// available waits until both pods of syncer are ready.
func (e *env) available() {
	e.Helper()
	e.eventually("two ready pods of syncer", func() string {
		d, err := e.kube.AppsV1().Deployments(install.Name).Get(e.Context(), install.Name, metav1.GetOptions{})
		if err != nil || d.Status.ReadyReplicas != 2 || d.Status.Replicas != 2 {
			return fmt.Sprintf("%d of %d, %v%s", d.Status.ReadyReplicas, d.Status.Replicas, err, e.refusedPods())
		}
		return ""
	})
}

// refusedPods returns what events say of pods that could not be made.
func (e *env) refusedPods() string {
	events, err := e.kube.CoreV1().Events(install.Name).List(e.Context(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, event := range events.Items {
		if event.Type == corev1.EventTypeWarning {
			return ": " + event.Message
		}
	}
	return ""
}

// client returns one that takes objects of every kind.
func (e *env) client() client.Client {
	e.Helper()
	c, err := client.New(e.rest, client.Options{})
	if err != nil {
		e.Fatal(err)
	}
	return c
}

// installation returns the objects that a command prints.
func (e *env) installation(args ...string) []*unstructured.Unstructured {
	e.Helper()
	var talk bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		e.Fatalf("syncer %q: %v\n%s", args, err, talk.String())
	}
	var all []*unstructured.Unstructured
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(out), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := dec.Decode(o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			e.Fatal(err)
		}
		all = append(all, o)
	}
}

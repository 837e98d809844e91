// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
)

// TestSharedPool has two Workspaces without a size on one pool. Then one of them names a size: it gets a pool of its
// own, and serves on the old nodes until the new ones are ready.
func TestSharedPool(t *testing.T) {
	e := setup(t)
	free := func(name string) string {
		return strings.Replace(
			inference(name, "phi-4-mini-instruct"),
			"instanceType: Standard_NC24ads_A100_v4",
			"instanceType: auto",
			1,
		)
	}
	e.repo.Commit(map[string]string{
		"workspaces/a.yaml": free("a"),
		"workspaces/b.yaml": free("b"),
		"workspaces/n.yaml": inference("n", "phi-4-mini-instruct"),
	}, "three")
	p := e.start("run")
	a, b, n := e.waitState("a", status.Ready), e.waitState("b", status.Ready), e.waitState("n", status.Ready)
	if len(a.Pools) != 1 || !a.Pools[0].Shared || len(b.Pools) != 1 || a.Pools[0].Name != b.Pools[0].Name ||
		a.HourlyCost != b.HourlyCost {
		t.Errorf("pools %+v and %+v", a.Pools, b.Pools)
	}

	another := strings.Replace(inference("n", "phi-4-mini-instruct"), "NC24ads_A100_v4", "NC40ads_H100_v5", 1)
	e.repo.Commit(map[string]string{"workspaces/n.yaml": another}, "another size")
	old := n.WorkerNodes[0]
	e.eventually("n to be on another size", func() string { return e.movedFrom("n", old, "Standard_NC40ads_H100_v5") })

	e.repo.Remove("without b", "workspaces/b.yaml")
	e.eventually("the shared pool to lose a node", func() string { return e.onOneNodeOf("a", a.Pools[0].Name) })
	pod, err := e.kube.CoreV1().Pods("default").Get(t.Context(), "a-0", metav1.GetOptions{})
	if err != nil || pod.Status.Phase != "Running" {
		t.Errorf("pod of a: %s, %v", pod.Status.Phase, err)
	}
	p.alive()
}

// movedFrom returns "" once a Workspace is ready on another size and its old node is gone. The old node must exist
// while the pod runs on it.
func (e *env) movedFrom(name, oldNode, size string) string {
	e.Helper()
	exists := slices.ContainsFunc(e.gpuNodes(), func(n corev1.Node) bool { return n.Name == oldNode })
	pod, err := e.kube.CoreV1().Pods("default").Get(e.Context(), name+"-0", metav1.GetOptions{})
	if err == nil && pod.Spec.NodeName == oldNode && !exists {
		e.Fatalf("the node of a running server is gone")
	}
	r, err := e.report(name)
	if err != nil || r.InstanceType != size || r.State != status.Ready || exists {
		return fmt.Sprintf("%s on %s; the old node exists: %t", r.State, r.InstanceType, exists)
	}
	return ""
}

// onOneNodeOf returns "" once a Workspace is ready on a pool with one node.
func (e *env) onOneNodeOf(name, pool string) string {
	r, err := e.report(name)
	if err != nil || r.State != status.Ready || len(r.Pools) != 1 || r.Pools[0].Name != pool || r.Pools[0].Nodes != 1 {
		return fmt.Sprintf("%+v %v", r.Pools, err)
	}
	return ""
}

package e2e

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
)

// TestSharedPool has two Workspaces without a size on one pool. A third, whose user named a size, gets another one, and keeps
// serving on the old nodes until the new ones are there.
func TestSharedPool(t *testing.T) {
	e := setup(t)
	free := func(name string) string {
		return strings.Replace(inference(name, "phi-4-mini-instruct"), "instanceType: Standard_NC24ads_A100_v4", "instanceType: auto", 1)
	}
	e.repo.Commit(map[string]string{
		"workspaces/a.yaml": free("a"), "workspaces/b.yaml": free("b"), "workspaces/n.yaml": inference("n", "phi-4-mini-instruct"),
	}, "three")
	p := e.start("run")
	a, b, n := e.waitState("a", status.Ready), e.waitState("b", status.Ready), e.waitState("n", status.Ready)
	if len(a.Pools) != 1 || !a.Pools[0].Shared || len(b.Pools) != 1 || a.Pools[0].Name != b.Pools[0].Name || a.HourlyCost != b.HourlyCost {
		t.Errorf("pools %+v and %+v", a.Pools, b.Pools)
	}
	shared := a.Pools[0].Name
	old := n.WorkerNodes[0]

	e.repo.Commit(map[string]string{"workspaces/n.yaml": strings.Replace(inference("n", "phi-4-mini-instruct"), "NC24ads_A100_v4", "NC40ads_H100_v5", 1)}, "another size")
	e.eventually("n to be on another size", func() string {
		there := false
		for _, node := range e.gpuNodes() {
			there = there || node.Name == old
		}
		pod, err := e.kube.CoreV1().Pods("default").Get(t.Context(), "n-0", metav1.GetOptions{})
		if err == nil && pod.Spec.NodeName == old && !there {
			t.Fatalf("the node of a running server is gone")
		}
		r, err := e.report("n")
		if err != nil || r.InstanceType != "Standard_NC40ads_H100_v5" || r.State != status.Ready || there {
			return fmt.Sprintf("%s on %s; the old node is there: %t", r.State, r.InstanceType, there)
		}
		return ""
	})

	e.repo.Remove("without b", "workspaces/b.yaml")
	e.eventually("the shared pool to lose a node", func() string {
		r, err := e.report("a")
		if err != nil || r.State != status.Ready || len(r.Pools) != 1 || r.Pools[0].Name != shared || r.Pools[0].Nodes != 1 {
			return fmt.Sprintf("%+v %v", r.Pools, err)
		}
		return ""
	})
	pod, err := e.kube.CoreV1().Pods("default").Get(t.Context(), "a-0", metav1.GetOptions{})
	if err != nil || pod.Status.Phase != "Running" {
		t.Errorf("pod of a: %s, %v", pod.Status.Phase, err)
	}
	p.alive()
}

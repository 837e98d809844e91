// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/testenv"
)

// BenchmarkLoopReal measures the same as BenchmarkLoop on a real control plane, whose controllers start the pods. All
// Workspaces have the preset that changes, and the floor of that change sends all of its requests, dry runs included.
func BenchmarkLoopReal(b *testing.B) {
	if bench.Small() {
		b.Skip("make bench measures this size")
	}
	const n = 1_000
	scenario := loopScenario(n) + ", real API server"
	if _, done := loops[scenario]; !done {
		api, kube := loopOnRealServer(b)
		run := loopFixture(b, n, n, api)
		run.Preset.Floor = loopFloor{Parallel: []int{16, 32, 64}, DryRuns: true}
		fill(b, run)
		awaitPods(b, kube, n)
		loops[scenario] = measureLoop(b, run) // it fills nothing, and records that the pods are ready
	}
	reportLoop(b, scenario, n, loops[scenario])
}

// loopOnRealServer starts a control plane with nodes that have GPUs for every Workspace. What another client changes
// there restarts no pod: the port of a Service.
func loopOnRealServer(b *testing.B) (*witness, kubernetes.Interface) {
	b.Helper()
	c := testenv.StartCluster(b, "-pod-delay", "50ms")
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	config.QPS = -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	size := corev1.ResourceList{
		"cpu": resource.MustParse("10k"), "memory": resource.MustParse("1Pi"), "pods": resource.MustParse("1k"),
		"ephemeral-storage": resource.MustParse("1Pi"), "nvidia.com/gpu": resource.MustParse("10k"),
	}
	for i := range loopNodes {
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{
				Name: fmt.Sprintf("gpu-node-%04d", i),
				Labels: map[string]string{
					"pool": fmt.Sprint(i), "nvidia.com/gpu.product": loopGPU, "nvidia.com/gpu.count": "8",
					"nvidia.com/gpu.memory": "81920",
				},
				Annotations: map[string]string{"devcluster.syncer.dev/kubelet": "adopt"}, // the devcluster plays it
			},
			Status: corev1.NodeStatus{Capacity: size, Allocatable: size},
		}
		if _, err := kube.CoreV1().Nodes().Create(b.Context(), node, metav1.CreateOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	target, err := url.Parse(c.URL)
	if err != nil {
		b.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		b.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	moved := []byte(`[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 4999}]`)
	return &witness{server: proxy, drift: func(ctx context.Context, name string) error {
		_, err := kube.CoreV1().Services("default").
			Patch(ctx, name, types.JSONPatchType, moved, metav1.PatchOptions{FieldManager: "other"})
		return err
	}}, kube
}

// awaitPods waits until the pods of all Workspaces are ready.
func awaitPods(b *testing.B, kube kubernetes.Interface, n int) {
	b.Helper()
	ready := 0
	for start := time.Now(); time.Since(start) < settleLimit; time.Sleep(time.Second) {
		sets, err := kube.AppsV1().StatefulSets("default").List(b.Context(), metav1.ListOptions{})
		if err != nil {
			b.Fatal(err)
		}
		ready = 0
		for i := range sets.Items {
			if sets.Items[i].Status.ReadyReplicas > 0 {
				ready++
			}
		}
		if ready == n {
			return
		}
	}
	b.Fatalf("%d of %d Workspaces are ready", ready, n)
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/cluster"
)

// BenchmarkNoOp compares looking at 200 objects that are as they should be with what the library's own ApplyAll takes
// for it.
func BenchmarkNoOp(b *testing.B) {
	ctx := context.Background()
	ns := fmt.Sprintf("b%d", time.Now().UnixNano())
	createNamespace(b, ns)
	c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		b.Fatal(err)
	}
	c.Start(b.Context())
	var objects []*unstructured.Unstructured
	for i := range 200 {
		u := &unstructured.Unstructured{
			Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": "b"}},
		}
		u.SetName(fmt.Sprintf("c%d", i))
		u.SetNamespace(ns)
		u.SetLabels(map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner})
		objects = append(objects, u)
	}
	for !all(objects, c.unchanged) {
		if _, err := c.Apply(ctx, objects); err != nil {
			b.Fatal(err)
		}
	}
	library := ssa.NewResourceManager(c.client, nil, ssa.Owner{Field: cluster.FieldManager, Group: "syncer.dev"})
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := c.Preview(ctx, objects); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		if _, err := library.ApplyAll(ctx, objects, ssa.DefaultApplyOptions()); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-faster-than-ApplyAll")
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	bench.Record(
		b,
		bench.Row{
			Scenario: "apply unchanged",
			Subject:  "syncer",
			Metric:   "time",
			Value:    ms(ours),
			Unit:     "ms",
			Ratio:    bench.Against(float64(ours) / float64(theirs)),
		},
		bench.Row{Scenario: "apply unchanged", Subject: "ssa.ApplyAll", Metric: "time", Value: ms(theirs), Unit: "ms"},
	)
}

func all(objects []*unstructured.Unstructured, ok func(*unstructured.Unstructured) bool) bool {
	for _, o := range objects {
		if !ok(o) {
			return false
		}
	}
	return true
}

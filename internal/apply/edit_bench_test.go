// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/cluster"
)

// edited returns the Services of a fleet with another annotation, as an edit of their preset changes them.
func edited(objects []*unstructured.Unstructured, value string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() == "Service" {
			o = o.DeepCopy()
			notes := o.GetAnnotations()
			notes["example.com/value"] = value
			o.SetAnnotations(notes)
			out = append(out, o)
		}
	}
	return out
}

// BenchmarkEdit changes both Services of each of 1,000 Workspaces on the real API server: syncer tries all of a
// Workspace before it writes any. The floor sends the same two bare requests for each object, at the best concurrency.
// The ratio is to the floor.
func BenchmarkEdit(b *testing.B) {
	const n = 1000
	b.StopTimer()
	ns := fmt.Sprintf("e%d", time.Now().UnixNano())
	createNamespace(b, ns)
	c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	c.Start(ctx)
	for _, err := c.Observe(ctx); err != nil; _, err = c.Observe(ctx) { // until the first lists are complete
	}
	objects := fleet(ns, n)
	if _, err := c.Apply(ctx, objects); err != nil {
		b.Fatal(err)
	}
	for state, _ := c.Observe(ctx); len(state.Objects) < len(objects); state, _ = c.Observe(ctx) {
		<-c.Changes()
	}
	for i := range b.N {
		changed := edited(objects, fmt.Sprint("ours ", i))
		before := c.Requests()
		ours := timed(b, func() {
			if _, err := c.Preview(ctx, changed); err != nil {
				b.Fatal(err)
			}
			if changes, err := c.Apply(ctx, changed); err != nil || changes.Writes() != len(changed) {
				b.Fatal(changes.Writes(), err)
			}
		})
		after := c.Requests()
		dry, real := after["PATCH dry run"]-before["PATCH dry run"], after["PATCH"]-before["PATCH"]
		if dry != int64(len(changed)) || real != int64(len(changed)) {
			b.Errorf("%d dry runs and %d writes for %d objects", dry, real, len(changed))
		}
		var best time.Duration
		for _, parallel := range []int{16, 32, 64} {
			again := edited(objects, fmt.Sprint("floor ", i, " ", parallel))
			took := timed(b, func() { twice(b, unwatched(b, ns), again, parallel) })
			b.Logf("floor, %d at a time: %s", parallel, took)
			if best == 0 || took < best {
				best = took
			}
		}
		ratio := float64(ours) / float64(best)
		b.Logf("syncer: %s, %.2f times the floor", ours, ratio)
		b.ReportMetric(ratio, "syncer/floor")
		bench.Record(b, bench.Row{
			Scenario: fmt.Sprintf("edit %d Workspaces", n), Subject: "syncer", Metric: "time against dry runs and writes alone",
			Value: ours.Seconds(), Unit: "s", Ratio: bench.Against(ratio),
		})
	}
}

// timed returns how long something takes that counts for the benchmark.
func timed(b *testing.B, do func()) time.Duration {
	b.Helper()
	start := time.Now()
	b.StartTimer()
	do()
	b.StopTimer()
	return time.Since(start)
}

// twice sends a dry run and then a write for each object, so many at a time.
func twice(b *testing.B, c *Cluster, objects []*unstructured.Unstructured, parallel int) {
	b.Helper()
	for _, dry := range []string{metav1.DryRunAll, ""} {
		var g errgroup.Group
		g.SetLimit(parallel)
		for _, o := range objects {
			body, err := bodyOf(o, "")
			if err != nil {
				b.Fatal(err)
			}
			path, err := c.pathOf(o)
			if err != nil {
				b.Fatal(err)
			}
			g.Go(func() error {
				r := c.bare.Patch("application/apply-patch+yaml").AbsPath(path...).
					Param("fieldManager", cluster.FieldManager).Param("fieldValidation", metav1.FieldValidationStrict).
					Param("force", "true").SetHeader("Accept", metadataOnly).Body(body)
				if dry != "" {
					r = r.Param("dryRun", dry)
				}
				return r.Do(b.Context()).Error()
			})
		}
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

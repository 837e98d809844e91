// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/testenv/tooltest"
)

// fleet returns the objects of n Workspaces, four of each, in the shape of the renderer's for a served model. They ask
// for no replicas, so that no controller competes for the machine.
func fleet(ns string, n int) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for i := range n {
		name := fmt.Sprintf("w%d", i)
		labels := map[string]any{
			cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner, cluster.LabelWorkspace: name,
		}
		add := func(version, kind, name string, rest map[string]any) {
			notes := map[string]any{cluster.AnnotationInputs: "sha256:1", cluster.AnnotationSource: "models/w.yaml"}
			meta := map[string]any{"name": name, "namespace": ns, "labels": labels, "annotations": notes}
			u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind, "metadata": meta}}
			for k, v := range rest {
				u.Object[k] = v
			}
			out = append(out, u.DeepCopy()) // nothing is shared
		}
		selector := map[string]any{cluster.LabelWorkspace: name}
		port := []any{map[string]any{"name": "http", "port": int64(80), "targetPort": int64(5000), "protocol": "TCP"}}
		settings := "vllm:\n  max-model-len: 8192\n  gpu-memory-utilization: 0.9\n" + strings.Repeat("# comment\n", 20)
		add("v1", "ConfigMap", name, map[string]any{"data": map[string]any{"inference_config.yaml": settings}})
		// Without an address of its own: the control plane of the tests has 254.
		add("v1", "Service", name, map[string]any{"spec": map[string]any{
			"selector": selector, "ports": port, "clusterIP": "None",
		}})
		add("v1", "Service", name+"-headless", map[string]any{"spec": map[string]any{
			"selector": selector, "ports": port, "clusterIP": "None", "publishNotReadyAddresses": true,
		}})
		container := map[string]any{
			"name": "model", "image": "example.com/phi-4:1.2.3",
			"command":        []any{"/bin/sh", "-c", "exec vllm serve --port 5000 --tensor-parallel-size 1"},
			"resources":      map[string]any{"limits": map[string]any{"nvidia.com/gpu": "1"}},
			"ports":          []any{map[string]any{"containerPort": int64(5000), "protocol": "TCP"}},
			"readinessProbe": map[string]any{"httpGet": map[string]any{"path": "/health", "port": int64(5000)}},
			"env":            []any{map[string]any{"name": "HF_HOME", "value": "/weights"}},
			"volumeMounts":   []any{map[string]any{"name": "weights", "mountPath": "/weights"}},
		}
		add("apps/v1", "StatefulSet", name, map[string]any{"spec": map[string]any{
			"replicas": int64(0), "serviceName": name + "-headless", "podManagementPolicy": "Parallel",
			"selector": map[string]any{"matchLabels": selector},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec": map[string]any{
					"containers":   []any{container},
					"volumes":      []any{map[string]any{"name": "weights", "emptyDir": map[string]any{}}},
					"tolerations":  []any{map[string]any{"key": "sku", "operator": "Exists", "effect": "NoSchedule"}},
					"nodeSelector": map[string]any{"kubernetes.azure.com/agentpool": "wphi"},
				},
			},
		}})
	}
	return out
}

// contender applies the objects of a fleet to a namespace that is empty.
type contender struct {
	name string
	run  func(b *testing.B, ns string, objects []*unstructured.Unstructured)
}

// floor sends one bare request for each object, with bodies that are ready and the same parameters, in the given number
// at a time, and reads no answer: nothing that writes all objects can be faster.
func floor(parallel int) contender {
	name := fmt.Sprintf("floor, %d at a time", parallel)
	return contender{name, func(b *testing.B, ns string, objects []*unstructured.Unstructured) {
		c := unwatched(b, ns)
		bodies, paths := make([][]byte, len(objects)), make([][]string, len(objects))
		for i, o := range objects {
			bodies[i], _ = bodyOf(o.DeepCopy(), createOnly)
			paths[i], _ = c.pathOf(o)
		}
		b.StartTimer()
		var g errgroup.Group
		g.SetLimit(parallel)
		for i := range objects {
			g.Go(func() error {
				return c.bare.Patch("application/apply-patch+yaml").AbsPath(paths[i]...).
					Param("fieldManager", cluster.FieldManager).Param("fieldValidation", metav1.FieldValidationStrict).
					Param("force", "true").SetHeader("Accept", metadataOnly).Body(bodies[i]).Do(b.Context()).Error()
			})
		}
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
	}}
}

// unwatched returns a Cluster without watches, whose limiter is not in the way of the requests of a peer.
func unwatched(b *testing.B, ns string) *Cluster {
	b.Helper()
	c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		b.Fatal(err)
	}
	plain, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		b.Fatal(err)
	}
	plain.config.WrapTransport = nil
	if err := plain.dial(); err != nil {
		b.Fatal(err)
	}
	c.client, c.bare = plain.client, plain.bare
	return c
}

// firstWrite is the time from the start of the last run of syncer until the server had answered its first write.
var firstWrite atomic.Int64

func ourselves() contender {
	return contender{"syncer", func(b *testing.B, ns string, objects []*unstructured.Unstructured) {
		c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
		if err != nil {
			b.Fatal(err)
		}
		var start atomic.Int64
		firstWrite.Store(0)
		c.config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if r.Method == http.MethodPatch {
					firstWrite.CompareAndSwap(0, time.Now().UnixNano()-start.Load())
				}
				return resp, err
			})
		})
		if err := c.dial(); err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(b.Context())
		defer stop()
		c.Start(ctx)
		for {
			if _, err := c.Observe(ctx); err == nil {
				break
			}
		}
		before := c.Requests()
		start.Store(time.Now().UnixNano())
		b.StartTimer()
		changes, err := c.Apply(ctx, objects)
		b.StopTimer()
		if err != nil || changes.Writes() != len(objects) {
			b.Fatal(len(changes), err)
		}
		after := c.Requests()
		if after["PATCH"]-before["PATCH"] != int64(len(objects)) || after["GET"] != before["GET"] ||
			after["PATCH dry run"] > 0 {
			b.Errorf("requests %v, then %v, for %d objects", before, after, len(objects))
		}
		b.Logf("%d objects with up to %d requests at a time", len(objects), c.limiter.Places())
	}}
}

// library is ApplyAllStaged of fluxcd/pkg/ssa, with the concurrency of Flux.
func library() contender {
	return contender{"ssa.ApplyAllStaged", func(b *testing.B, ns string, objects []*unstructured.Unstructured) {
		c := unwatched(b, ns)
		m := ssa.NewResourceManager(c.client, nil, ssa.Owner{Field: cluster.FieldManager, Group: "syncer.dev"})
		m.SetConcurrency(4)
		b.StartTimer()
		set, err := m.ApplyAllStaged(b.Context(), objects, ssa.DefaultApplyOptions())
		b.StopTimer()
		if err != nil || len(set.Entries) != len(objects) {
			b.Fatal(err)
		}
	}}
}

// flux does what its kustomize-controller does with a folder of plain files: it lists them in a kustomization, builds
// that, normalises the objects, and applies them by the library.
func flux() contender {
	return contender{"Flux", func(b *testing.B, ns string, objects []*unstructured.Unstructured) {
		files := filesys.MakeFsInMemory()
		var names []string
		for i, o := range objects {
			data, err := yaml.Marshal(o.Object)
			if err != nil {
				b.Fatal(err)
			}
			names = append(names, fmt.Sprintf("object-%d.yaml", i))
			if err := files.WriteFile("/"+names[i], data); err != nil {
				b.Fatal(err)
			}
		}
		c := unwatched(b, ns)
		m := ssa.NewResourceManager(c.client, nil, ssa.Owner{Field: cluster.FieldManager, Group: "syncer.dev"})
		m.SetConcurrency(4)
		b.StartTimer()
		list, err := yaml.Marshal(map[string]any{
			"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": names,
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := files.WriteFile("/kustomization.yaml", list); err != nil {
			b.Fatal(err)
		}
		built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/")
		if err != nil {
			b.Fatal(err)
		}
		text, err := built.AsYaml()
		if err != nil {
			b.Fatal(err)
		}
		all, err := utils.ReadObjects(bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		if err := normalize.UnstructuredList(all); err != nil {
			b.Fatal(err)
		}
		set, err := m.ApplyAllStaged(b.Context(), all, ssa.DefaultApplyOptions())
		b.StopTimer()
		if err != nil || len(set.Entries) != len(objects) {
			b.Fatal(len(set.Entries), err)
		}
	}}
}

// kubectl is one call of the stock kubectl apply --server-side for all objects. As users call it, it has the server
// validate strictly, as syncer has; before that it asks for the schema of all kinds. Without validation it does less
// than syncer, and is the faster peer.
func kubectl(name, file string, flags ...string) contender {
	return contender{name, func(b *testing.B, ns string, objects []*unstructured.Unstructured) {
		list := map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}
		data, err := json.Marshal(list)
		if err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(b.TempDir(), "objects.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		args := []string{
			"--kubeconfig", shared.kubeconfig, "--namespace", ns,
			"apply", "--server-side", "--field-manager", cluster.FieldManager, "-f", path,
		}
		cmd := exec.CommandContext(b.Context(), file, append(args, flags...)...)
		b.StartTimer()
		out, err := cmd.CombinedOutput()
		b.StopTimer()
		if err != nil || strings.Count(string(out), "serverside-applied") != len(objects) {
			b.Fatalf("%v\n%.2000s", err, out)
		}
	}}
}

// colds are the times of all contenders in this run, by the number of Workspaces.
var colds = map[int]map[string]time.Duration{}

// BenchmarkCold creates all objects of a fleet in an empty namespace, and compares the time with bare requests at the
// concurrency that is best for them, and with peers. Contenders take turns; each applies a large fleet once. The ratio
// is to the floor.
func BenchmarkCold(b *testing.B) {
	floors := []contender{floor(8), floor(16), floor(32), floor(64)}
	file, err := tooltest.Kubectl()
	if err != nil {
		b.Fatal(err)
	}
	others := []contender{
		ourselves(), library(), flux(),
		kubectl("kubectl", file), kubectl("kubectl --validate=false", file, "--validate=false"),
	}
	for _, n := range []int{100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.StopTimer()
			rounds := min(b.N, max(1, 500/n))
			if colds[n] == nil || rounds > 1 {
				colds[n] = map[string]time.Duration{}
				for range rounds {
					for _, c := range slices.Concat(floors, others) {
						colds[n][c.name] += cold(b, c, n) / time.Duration(rounds)
					}
				}
			}
			coldRows(b, n, floors, others, colds[n])
		})
	}
}

// cold returns the time in which a contender creates a fleet.
func cold(b *testing.B, c contender, n int) time.Duration {
	b.Helper()
	ns := fmt.Sprintf("c%d", time.Now().UnixNano())
	createNamespace(b, ns)
	objects := fleet(ns, n)
	before := b.Elapsed()
	c.run(b, ns, objects)
	return b.Elapsed() - before
}

// coldRows reports the times of all contenders. The first of the others is syncer, all after it are its peers.
func coldRows(b *testing.B, n int, floors, others []contender, took map[string]time.Duration) {
	best := floors[0].name
	for _, c := range floors {
		b.Logf("%s: %s", c.name, took[c.name])
		if took[c.name] < took[best] {
			best = c.name
		}
	}
	scenario := fmt.Sprintf("apply %d Workspaces, cold", n)
	rows := []bench.Row{{Scenario: scenario, Subject: best, Metric: "time", Value: took[best].Seconds(), Unit: "s"}}
	ours, fastest := others[0].name, others[1].name
	for _, c := range others {
		if c.name != ours && took[c.name] < took[fastest] {
			fastest = c.name
		}
		ratio := float64(took[c.name]) / float64(took[best])
		b.Logf("%s: %s, %.2f times the floor", c.name, took[c.name], ratio)
		b.ReportMetric(ratio, strings.ReplaceAll(c.name, " ", "-")+"/floor")
		rows = append(rows, bench.Row{
			Scenario: scenario, Subject: c.name, Metric: "time", Value: took[c.name].Seconds(), Unit: "s",
			Ratio: bench.Against(ratio),
		})
	}
	b.Logf("the fastest peer is %s", fastest)
	rows = append(rows, bench.Row{
		Scenario: scenario + ", fastest peer", Subject: ours, Metric: "time against that peer's",
		Value: took[ours].Seconds(), Unit: "s", Ratio: bench.Against(float64(took[ours]) / float64(took[fastest])),
	})
	first := time.Duration(firstWrite.Load())
	b.ReportMetric(float64(first.Milliseconds()), "ms-to-first-write")
	rows = append(rows, bench.Row{
		Scenario: scenario + ", first write", Subject: "syncer", Metric: "time against the limit of 0.5 s",
		Value: first.Seconds(), Unit: "s", Ratio: bench.Against(first.Seconds() / 0.5),
	})
	bench.Record(b, rows...)
}

package reconcile

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// town is everything outside as it would be: a repository; a cluster with controllers and a scheduler, in which pods run on nodes
// for a while; and a cloud that looks at every write and tells what must never happen.
type town struct {
	t      *testing.T
	cache  *render.Cache
	files  map[string]string
	commit int

	git, kubernetes, recorder error
	recorded                  map[string][]byte
	commits                   int

	objects map[cluster.Ref]*unstructured.Unstructured
	over    map[cluster.Ref]string // how a Job ended
	pods    map[string]*townPod    // by namespace/name
	joined  map[string]int         // rounds since a node joined
	strange map[string]string      // pods of others: node

	cloud  *capacitytest.Fake
	limits capacity.Limits
	quota  int // vCPUs of each family; 0: nothing is known
}

type townPod struct {
	owner   cluster.Ref
	of      string // what its owner asked for when it was made
	pool    string
	node    string
	gpus    int64
	started int
}

// fewModels is the catalogue with the models that a town has: reading all takes longer than everything else.
var fewModels = sync.OnceValue(func() fs.FS {
	out := fstest.MapFS{}
	_ = fs.WalkDir(presets.FS, ".", func(path string, d fs.DirEntry, _ error) error {
		if rest, ok := strings.CutPrefix(path, "models/"); ok && !strings.HasPrefix(rest, "phi-4-mini-instruct") && !strings.HasPrefix(rest, "phi-3-mini-128k-instruct") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.IsDir() {
			data, err := fs.ReadFile(presets.FS, path)
			out[path] = &fstest.MapFile{Data: data}
			return err
		}
		return nil
	})
	return out
})

func newTown(t *testing.T, cache *render.Cache) *town {
	w := &town{
		t: t, cache: cache, files: map[string]string{}, recorded: map[string][]byte{}, objects: map[cluster.Ref]*unstructured.Unstructured{},
		over: map[cluster.Ref]string{}, pods: map[string]*townPod{}, joined: map[string]int{}, strange: map[string]string{}, cloud: capacitytest.NewFake(),
	}
	w.cloud.Put(capacity.LivePool{Name: "foreign", Size: "Standard_NC24ads_A100_v4", Count: 1, State: capacity.Succeeded})
	return w
}

func (w *town) Fetch(context.Context) (Revision, error) {
	if w.git != nil {
		return Revision{}, w.git
	}
	files := fstest.MapFS{}
	for name, text := range w.files {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	commit := fmt.Sprintf("c%d", w.commit)
	return Revision{Commit: commit, Inputs: commit, Files: fs.FS(files), AllowEmpty: true}, nil
}

func (w *town) Read(context.Context) (map[string][]byte, error) { return maps.Clone(w.recorded), w.git }

func (w *town) Record(_ context.Context, files map[string][]byte, _ string, _ time.Time) (string, error) {
	if w.recorder != nil {
		return "", w.recorder
	}
	if reflect.DeepEqual(w.recorded, files) {
		return "", nil
	}
	w.recorded = maps.Clone(files)
	w.commits++
	return "s", nil
}

func (w *town) key(ref cluster.Ref) workspace.Key {
	if name := w.objects[ref].GetLabels()[cluster.LabelWorkspace]; name != "" {
		return workspace.Key{Namespace: ref.Namespace, Name: name}
	}
	return workspace.Key{}
}

func (w *town) refs() []cluster.Ref {
	return slices.SortedFunc(maps.Keys(w.objects), cluster.Ref.Compare)
}

func isWorkload(ref cluster.Ref) bool { return ref.Kind == "StatefulSet" || ref.Kind == "Job" }

func (w *town) podsOf(ref cluster.Ref) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(w.pods)) {
		if w.pods[name].owner == ref {
			out = append(out, name)
		}
	}
	return out
}

func (w *town) Observe(context.Context) (cluster.State, error) {
	if w.kubernetes != nil {
		return cluster.State{}, w.kubernetes
	}
	s := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}, AllPods: true}
	for _, ref := range w.refs() {
		o := w.objects[ref]
		s.Objects = append(s.Objects, cluster.Object{Ref: ref, Workspace: w.key(ref), Owned: true, Source: o.GetAnnotations()[cluster.AnnotationSource]})
		if !isWorkload(ref) {
			continue
		}
		l := cluster.Workload{Ref: ref, Current: true, Inputs: o.GetAnnotations()[cluster.AnnotationInputs], Pool: requires(o), GPUs: gpusOf(o)}
		if ref.Kind == "StatefulSet" {
			l.Replicas = replicasOf(o)
		}
		l.Complete, l.Failed = w.over[ref] == "Complete", w.over[ref] == "Failed"
		for _, name := range w.podsOf(ref) {
			p := w.pods[name]
			pod := cluster.Pod{Name: name[strings.IndexByte(name, '/')+1:], Node: p.node, Phase: "Pending"}
			if p.node != "" {
				pod.Phase = "Running"
				pod.Ready = p.started > 0
			}
			switch {
			case w.over[ref] == "Complete":
				pod.Phase = "Succeeded"
			case w.over[ref] == "Failed":
				pod.Phase = "Failed"
			case pod.Ready && ref.Kind == "Job":
				l.Active++
			case pod.Ready:
				l.Ready++
				l.Endpoints++
			}
			l.Pods = append(l.Pods, pod)
		}
		s.Workloads[w.key(ref)] = l
	}
	pools := w.pools()
	for pool, names := range w.cloud.Nodes() {
		sku, _ := capacity.LookupSKU(pools[pool].Size)
		for _, n := range names {
			node := cluster.Node{Name: n, Pool: pool, InstanceType: sku.Name, Ready: w.joined[n] > 0}
			if node.Ready {
				node.GPUs = int64(sku.GPUs)
			}
			for name, at := range w.strange {
				if at == n {
					node.Pods = append(node.Pods, name)
				}
			}
			for name, p := range w.pods {
				if p.node == n && w.over[p.owner] == "" {
					node.Pods = append(node.Pods, name)
				}
			}
			slices.Sort(node.Pods)
			s.Nodes = append(s.Nodes, node)
		}
	}
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

func (w *town) pools() map[string]capacity.LivePool {
	out := map[string]capacity.LivePool{}
	down := w.cloud.Down
	w.cloud.Down = nil
	list, _ := w.cloud.Pools(context.Background())
	w.cloud.Down = down
	for _, p := range list {
		out[p.Name] = p
	}
	return out
}

func containerOf(o *unstructured.Unstructured) map[string]any {
	list, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	return list[0].(map[string]any)
}

func gpusOf(o *unstructured.Unstructured) int64 {
	v, _, _ := unstructured.NestedFieldNoCopy(containerOf(o), "resources", "limits", "nvidia.com/gpu")
	var n int64
	_, _ = fmt.Sscan(fmt.Sprint(v), &n)
	return n
}

func replicasOf(o *unstructured.Unstructured) int64 {
	if o.GetKind() == "Job" {
		if off, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend"); off {
			return 0
		}
		return 1
	}
	n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !found {
		return 1
	}
	return n
}

// templateOf identifies what the pods of a workload are made from.
func templateOf(o *unstructured.Unstructured) string {
	t, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
	return fmt.Sprint(t)
}

func (w *town) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		ref := cluster.RefOf(o)
		out[i] = cluster.Preview{Ref: ref}
		if old := w.objects[ref]; old == nil || !reflect.DeepEqual(old.Object, o.Object) {
			out[i].Before, out[i].After = old, o
			if old != nil && ref.Kind == "Job" && templateOf(old) != templateOf(o) {
				out[i].Replace = "the pods of a Job cannot be changed"
			}
		}
	}
	return out, w.kubernetes
}

func (w *town) Apply(_ context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	if w.kubernetes != nil {
		return nil, w.kubernetes
	}
	var out cluster.ChangeSet
	for _, o := range objects {
		ref := cluster.RefOf(o)
		if old := w.objects[ref]; old != nil && isWorkload(ref) && w.over[ref] == "" && w.runs(ref) {
			w.mayChange(ref, old, o)
		}
		if old := w.objects[ref]; old != nil && ref.Kind == "Job" && templateOf(old) != templateOf(o) {
			w.remove(ref)
		}
		w.objects[ref] = o
		out = append(out, cluster.Entry{Ref: ref, Result: cluster.Created})
	}
	w.control()
	return out, nil
}

func (w *town) runs(ref cluster.Ref) bool {
	return slices.ContainsFunc(w.podsOf(ref), func(name string) bool { return w.pods[name].node != "" })
}

// mayChange fails the test when a workload that runs is taken from its nodes without need, or before the new ones are there.
func (w *town) mayChange(ref cluster.Ref, old, o *unstructured.Unstructured) {
	w.t.Helper()
	if requires(old) == requires(o) || replicasOf(o) == 0 {
		return
	}
	if ref.Kind == "Job" {
		w.t.Errorf("%s, which runs, is moved from pool %s to %s", ref, requires(old), requires(o))
	}
	room := int64(0)
	for _, n := range w.cloud.Nodes()[requires(o)] {
		free := w.gpusOf(n, requires(o))
		for _, p := range w.pods {
			if p.node == n && w.over[p.owner] == "" {
				free -= p.gpus
			}
		}
		if w.joined[n] > 0 {
			room += free / max(gpusOf(o), 1)
		}
	}
	if room < replicasOf(o) {
		w.t.Errorf("%s moves to pool %s, which has room for %d of %d", ref, requires(o), room, replicasOf(o))
	}
}

func (w *town) gpusOf(_, pool string) int64 {
	sku, _ := capacity.LookupSKU(w.pools()[pool].Size)
	return int64(sku.GPUs)
}

func (w *town) remove(ref cluster.Ref) {
	for _, name := range w.podsOf(ref) {
		delete(w.pods, name)
	}
	delete(w.objects, ref)
	delete(w.over, ref)
}

func (w *town) Prune(_ context.Context, objects []cluster.Object) (cluster.ChangeSet, error) {
	if w.kubernetes != nil {
		return nil, w.kubernetes
	}
	var out cluster.ChangeSet
	for _, o := range objects {
		if w.git != nil {
			w.t.Errorf("%s is deleted while Git is down", o.Ref)
		}
		if strings.Contains(w.files[o.Source], broken) {
			w.t.Errorf("%s is deleted although %s cannot be read", o.Ref, o.Source)
		}
		w.remove(o.Ref)
		out = append(out, cluster.Entry{Ref: o.Ref, Result: cluster.Deleted})
	}
	return out, nil
}

// broken stands in files that cannot be read.
const broken = "x: ["

func (w *town) loop() *Loop {
	return New(Settings{
		Policy: plan.Policy{Cluster: "demo", Region: "eastus", Prune: true, Limits: w.limits}, Version: "test",
		Interval: 30 * time.Second, CloudInterval: 15 * time.Second, Debounce: 10 * time.Second, Resync: 10 * time.Minute,
	}, Parts{
		Source: w, Recorder: w, Cluster: w, Cloud: w, Health: NewHealth(ComponentGit, ComponentKubernetes, ComponentAzure),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Read: func(r Revision) (plan.Input, error) {
			return plan.Read(r.Files, fewModels(), workspace.Options{}, workspace.Env{}, w.cache)
		},
	})
}

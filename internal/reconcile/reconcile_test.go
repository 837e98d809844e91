package reconcile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// world is everything outside, in memory: a repository, a status branch, a cluster and a cloud, each of which can be down.
type world struct {
	files                   fstest.MapFS
	commit                  string
	allowEmpty              bool
	git, kubernetes, record error
	fetches                 atomic.Int64

	recorded map[string][]byte
	messages []string

	objects map[cluster.Ref]*unstructured.Unstructured
	ready   bool
	pruned  []string

	cloud *capacitytest.Fake
}

// lists counts how often the pools were listed.
func (w *world) lists() (n int) {
	w.cloud.Set(func(f *capacitytest.Fake) { n = f.Lists })
	return n
}

// pools names the pools of ours.
func (w *world) pools() []string {
	var out []string
	pools, _ := w.cloud.Pools(context.Background())
	for _, p := range pools {
		if p.Owned {
			out = append(out, p.Name)
		}
	}
	return out
}

var errDown = errors.New("connection refused")

func newWorld() *world {
	return &world{files: fstest.MapFS{}, commit: "c1", recorded: map[string][]byte{}, objects: map[cluster.Ref]*unstructured.Unstructured{}, cloud: capacitytest.NewFake()}
}

func (w *world) push(name, text string) {
	w.commit += "x"
	next := maps.Clone(w.files)
	if text == "" {
		delete(next, name)
	} else {
		next[name] = &fstest.MapFile{Data: []byte(text)}
	}
	w.files = next
}

func (w *world) Fetch(context.Context) (Revision, error) {
	w.fetches.Add(1)
	return Revision{Commit: w.commit, Inputs: w.commit, Files: fs.FS(w.files), AllowEmpty: w.allowEmpty}, w.git
}

func (w *world) Read(context.Context) (map[string][]byte, error) {
	return maps.Clone(w.recorded), w.git
}

func (w *world) Record(_ context.Context, files map[string][]byte, message string, _ time.Time) (string, error) {
	if w.record != nil {
		return "", w.record
	}
	w.recorded = maps.Clone(files)
	w.messages = append(w.messages, message)
	return "s", nil
}

func (w *world) Observe(context.Context) (cluster.State, error) {
	s := cluster.State{Workloads: map[workspace.Key]cluster.Workload{}, AllPods: true}
	machines, taken := w.cloud.Nodes(), map[string]int{} // by pool
	for _, ref := range slices.SortedFunc(maps.Keys(w.objects), cluster.Ref.Compare) {
		o := w.objects[ref]
		key := workspace.Key{}
		if name := o.GetLabels()[cluster.LabelWorkspace]; name != "" {
			key = workspace.Key{Namespace: ref.Namespace, Name: name}
		}
		s.Objects = append(s.Objects, cluster.Object{Ref: ref, Workspace: key, Owned: true, Source: o.GetAnnotations()[cluster.AnnotationSource]})
		if ref.Kind != "StatefulSet" {
			continue
		}
		l := cluster.Workload{Ref: ref, Current: true, Replicas: 1, Inputs: o.GetAnnotations()[cluster.AnnotationInputs], Pool: requires(o), GPUs: 1}
		if w.ready {
			l.Ready, l.Endpoints = 1, 1
		}
		if free := machines[l.Pool][min(taken[l.Pool], len(machines[l.Pool])):]; len(free) > 0 {
			l.Pods = []cluster.Pod{{Name: ref.Name + "-0", Node: free[0], Phase: "Running", Ready: true}}
			taken[l.Pool]++
		}
		s.Workloads[key] = l
	}
	for pool, names := range machines {
		for _, m := range names {
			s.Nodes = append(s.Nodes, cluster.Node{Name: m, Pool: pool, Ready: true, GPUs: 1})
		}
	}
	slices.SortFunc(s.Nodes, func(a, b cluster.Node) int { return strings.Compare(a.Name, b.Name) })
	return s, w.kubernetes
}

// requires returns the agent pool that a StatefulSet is for.
func requires(o *unstructured.Unstructured) string {
	terms, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	if len(terms) == 0 {
		return ""
	}
	expressions := terms[0].(map[string]any)["matchExpressions"].([]any)
	last := expressions[len(expressions)-1].(map[string]any)
	return last["values"].([]any)[0].(string)
}

func (w *world) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		out[i] = cluster.Preview{Ref: cluster.RefOf(o)}
		if old := w.objects[cluster.RefOf(o)]; old == nil || requires(old) != requires(o) {
			out[i].Before, out[i].After = old, o
		}
	}
	return out, w.kubernetes
}

func (w *world) Apply(_ context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	var out cluster.ChangeSet
	for _, o := range objects {
		w.objects[cluster.RefOf(o)] = o
		out = append(out, cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Created})
	}
	return out, w.kubernetes
}

func (w *world) Prune(_ context.Context, objects []cluster.Object) (cluster.ChangeSet, error) {
	var out cluster.ChangeSet
	for _, o := range objects {
		delete(w.objects, o.Ref)
		w.pruned = append(w.pruned, o.Ref.String())
		out = append(out, cluster.Entry{Ref: o.Ref, Result: cluster.Deleted})
	}
	return out, w.kubernetes
}

func (w *world) loop() *Loop {
	return New(Settings{
		Policy: plan.Policy{Cluster: "demo", Region: "eastus", Prune: true}, Version: "test",
		Interval: 30 * time.Second, CloudInterval: 15 * time.Second, Debounce: 10 * time.Second, Resync: 10 * time.Minute,
	}, Parts{
		Source: w, Recorder: w, Cluster: w, Cloud: w.cloud, Health: NewHealth(ComponentGit, ComponentKubernetes, ComponentAzure),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Read: func(r Revision) (plan.Input, error) {
			return plan.Read(r.Files, presets.FS, workspace.Options{}, workspace.Env{}, nil)
		},
	})
}

const phi = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {app: phi}}
inference:
  preset: {name: phi-4-mini-instruct}
`

var all = Due{Source: true, Cloud: true}

// settle passes until nothing is left to do.
func settle(t *testing.T, l *Loop) Outcome {
	t.Helper()
	for range 20 {
		if o := l.Pass(t.Context(), all); o.Settled {
			return o
		}
		l.dirtyAt = l.dirtyAt.Add(-time.Minute) // as if progress had waited long enough
	}
	t.Fatal("it does not settle")
	return Outcome{}
}

func TestPassSettles(t *testing.T) {
	w := newWorld()
	w.ready = true
	w.push("phi.yaml", phi)
	l := w.loop()
	o := settle(t, l)
	if len(o.Reports) != 1 || o.Reports[0].State != status.Ready {
		t.Fatalf("reports %+v", o.Reports)
	}
	messages, writes := len(w.messages), len(w.cloud.Written)
	again := l.Pass(t.Context(), all)
	if len(w.messages) != messages || len(w.cloud.Written) != writes || again.Changes.Writes() != 0 || again.PoolWrites != 0 {
		t.Errorf("a second pass wrote: %+v", again)
	}
	restarted := w.loop().Pass(t.Context(), all)
	if len(w.messages) != messages || len(w.cloud.Written) != writes || restarted.Recorded != "" {
		t.Errorf("a restart wrote: %+v", restarted)
	}
}

func TestTroubleDeletesNothing(t *testing.T) {
	for _, tt := range []struct {
		name      string
		component string
		down      func(*world)
	}{
		{"Git", ComponentGit, func(w *world) { w.git = errDown }},
		{"Kubernetes", ComponentKubernetes, func(w *world) { w.kubernetes = errDown }},
		{"Azure", ComponentAzure, func(w *world) { w.cloud.Down = errDown }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.ready = true
			w.push("phi.yaml", phi)
			w.push("b.yaml", strings.ReplaceAll(phi, "phi}", "b}"))
			l := w.loop()
			settle(t, l)
			tt.down(w)
			if tt.name == "Git" {
				w.push("b.yaml", "")
			}
			for range 3 {
				o := l.Pass(t.Context(), all)
				if o.Trouble == nil || !o.Retry {
					t.Fatalf("no trouble: %+v", o)
				}
			}
			if len(w.pruned) > 0 || len(w.cloud.Nodes()) != 2 {
				t.Errorf("pruned %v, pools %v", w.pruned, w.cloud.Nodes())
			}
			if c := l.health.Components()[tt.component]; !errors.Is(c.Err, errDown) {
				t.Errorf("health: %+v", c)
			}
			w.git, w.kubernetes, w.cloud.Down = nil, nil, nil
			settle(t, l)
			if c := l.health.Components()[tt.component]; c.Err != nil {
				t.Errorf("health after recovery: %+v", c)
			}
		})
	}
}

func TestObjectsGoBeforeTheirPool(t *testing.T) {
	w := newWorld()
	w.ready = true
	w.push("phi.yaml", phi)
	w.push("b.yaml", strings.ReplaceAll(phi, "phi}", "b}"))
	l := w.loop()
	settle(t, l)
	w.push("b.yaml", "")
	settle(t, l)
	if len(w.pools()) != 1 || len(w.pruned) != 3 || !strings.HasPrefix(w.cloud.Written[len(w.cloud.Written)-1], "delete") {
		t.Errorf("pools %v, pruned %v, writes %v", w.pools(), w.pruned, w.cloud.Written)
	}
	if _, ok := w.recorded["default/b.yaml"]; ok {
		t.Error("the status of a removed Workspace stays")
	}
}

func TestProgressIsGatheredAndNewsIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.push("phi.yaml", phi)
		l := w.loop()
		l.Pass(t.Context(), all)
		if len(w.messages) != 0 {
			t.Fatalf("progress was recorded at once: %q", w.messages)
		}
		time.Sleep(11 * time.Second)
		l.Pass(t.Context(), Due{})
		if len(w.messages) != 1 {
			t.Fatalf("%d commits after the debounce time", len(w.messages))
		}
		w.ready = true
		l.Pass(t.Context(), Due{})
		if len(w.messages) != 2 || !strings.Contains(w.messages[1], "phi Ready") {
			t.Fatalf("Ready was not recorded at once: %q", w.messages)
		}
	})
}

// TestRunLooksWhenItMust counts what the loop asks of Git and Azure in an hour in which nothing happens, and shows that a push
// is seen at once.
func TestRunLooksWhenItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		w.push("phi.yaml", phi)
		l := w.loop()
		ctx, cancel := context.WithCancel(t.Context())
		pushed := make(chan struct{}, 1)
		done := make(chan struct{})
		go func() {
			l.Run(ctx, Events{Source: pushed}, func(Outcome) bool { return false })
			close(done)
		}()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		fetches, lists := w.fetches.Load(), w.lists()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := w.fetches.Load() - fetches; n < 105 || n > 140 {
			t.Errorf("%d polls of Git in an hour, at 30 s", n)
		}
		if n := w.lists() - lists; n < 50 || n > 70 {
			t.Errorf("%d lists of pools in an hour in which nothing happened, at a minute", n)
		}
		before := w.fetches.Load()
		pushed <- struct{}{}
		synctest.Wait()
		if n := w.fetches.Load() - before; n != 1 {
			t.Errorf("Git was asked %d times right after a push", n)
		}
		cancel()
		<-done
	})
}

// TestNoLookStarvesAnother has polls so frequent that one is always due, and pools that are listed all the same.
func TestNoLookStarvesAnother(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := newWorld().loop()
	l.poolsAt = now.Add(-time.Minute)
	tt := timetable{poll: now.Add(-time.Second), sync: now.Add(time.Hour)}
	tt.plan(l, Outcome{InFlight: true}, now)
	if due := tt.wait(t.Context(), Events{}); !due.Source || !due.Cloud {
		t.Errorf("due: %+v, want both", due)
	}
}

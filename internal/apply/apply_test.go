// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

// shared is the control plane of all tests of this package, with one node that has GPUs when gpus is set.
var shared struct {
	kubeconfig, url string
	kube            kubernetes.Interface
	gpus            atomic.Bool
}

// holder keeps the control plane until all tests are done.
type holder struct{ undo []func() }

func (h *holder) Helper()                   {}
func (h *holder) Cleanup(f func())          { h.undo = append(h.undo, f) }
func (h *holder) Fatalf(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...); os.Exit(1) }

func TestMain(m *testing.M) {
	h := &holder{}
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		nodes := []any{}
		if shared.gpus.Load() {
			size := map[string]string{"cpu": "24", "memory": "220Gi", "pods": "110", "nvidia.com/gpu": "4"}
			nodes = append(nodes, map[string]any{
				"metadata": map[string]any{"name": "gpu-0", "labels": map[string]string{"kubernetes.azure.com/agentpool": "wphi"}},
				"status":   map[string]any{"capacity": size, "allocatable": size},
			})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"nodes": nodes})
	}))
	c := testenv.StartCluster(h, "-nodes-from", feed.URL, "-pod-delay", "50ms", "-job-duration", "200ms",
		"-fail-images", "missing:*=ImagePullBackOff,crash:*=CrashLoopBackOff,greedy:*=OOMKilled")
	shared.kubeconfig, shared.url = c.Kubeconfig, c.URL
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		h.Fatalf("%v", err)
	}
	shared.kube = kubernetes.NewForConfigOrDie(config)
	code := m.Run()
	for _, f := range h.undo {
		f()
	}
	feed.Close()
	os.Exit(code)
}

const owner = "test"

func createNamespace(t testing.TB, name string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := shared.kube.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// createAs creates a ConfigMap as another client that names itself manager.
func createAs(t *testing.T, ns, manager string, cm *corev1.ConfigMap) {
	t.Helper()
	options := metav1.CreateOptions{FieldManager: manager}
	if _, err := shared.kube.CoreV1().ConfigMaps(ns).Create(t.Context(), cm, options); err != nil {
		t.Fatal(err)
	}
}

// connect returns a Cluster that sees one new namespace.
func connect(t *testing.T, kubeconfig string) (*Cluster, string) {
	t.Helper()
	ns := fmt.Sprintf("t%d", time.Now().UnixNano())
	createNamespace(t, ns)
	return reconnect(t, kubeconfig, ns), ns
}

func reconnect(t *testing.T, kubeconfig, ns string) *Cluster {
	t.Helper()
	c, err := Connect(Options{Kubeconfig: kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	eventually(t, "the first listing", func() string {
		if _, err := c.Observe(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
	return c
}

func eventually(t *testing.T, what string, ok func() string) {
	t.Helper()
	testenv.Eventually(t, what, ok)
}

// object reads YAML, and adds what every object of ours has.
func object(t *testing.T, ns, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	u.SetNamespace(ns)
	u.SetLabels(
		map[string]string{
			cluster.LabelManagedBy: cluster.ManagedBy,
			cluster.LabelCluster:   owner,
			cluster.LabelWorkspace: "phi",
		},
	)
	if u.GetKind() != "ConfigMap" {
		u.SetAnnotations(map[string]string{cluster.AnnotationInputs: "d1", cluster.AnnotationSource: "phi.yaml"})
	}
	return u
}

func configMap(t *testing.T, ns, name, value string) *unstructured.Unstructured {
	return object(t, ns, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\ndata: {a: \""+value+"\"}")
}

const podLabels = "{app.kubernetes.io/managed-by: syncer, syncer.dev/cluster: test, kaito.sh/workspace: phi}"

func statefulSet(t *testing.T, ns, image string) *unstructured.Unstructured {
	return object(t, ns, `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: phi}
spec:
  replicas: 1
  serviceName: phi
  selector: {matchLabels: {kaito.sh/workspace: phi}}
  template:
    metadata: {labels: `+podLabels+`}
    spec:
      containers:
      - {name: phi, image: `+image+`, resources: {limits: {nvidia.com/gpu: 1}}}`)
}

func service(t *testing.T, ns string) *unstructured.Unstructured {
	return object(t, ns, `apiVersion: v1
kind: Service
metadata: {name: phi}
spec:
  publishNotReadyAddresses: true
  selector: {kaito.sh/workspace: phi}
  ports: [{name: http, port: 80, targetPort: 5000}]`)
}

func job(t *testing.T, ns, image, inputs string) *unstructured.Unstructured {
	u := object(t, ns, `apiVersion: batch/v1
kind: Job
metadata: {name: phi}
spec:
  template:
    metadata: {labels: `+podLabels+`}
    spec:
      restartPolicy: Never
      containers: [{name: phi, image: `+image+`}]`)
	u.SetAnnotations(map[string]string{cluster.AnnotationInputs: inputs})
	return u
}

func apply(t *testing.T, c *Cluster, want cluster.Result, objects ...*unstructured.Unstructured) {
	t.Helper()
	changes, err := c.Apply(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range changes {
		if e.Result != want {
			t.Errorf("%s: %s (%v), want %s", e.Ref, e.Result, e.Err, want)
		}
	}
}

func live(t *testing.T, c *Cluster, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(o.GroupVersionKind())
	if err := c.client.Get(t.Context(), client.ObjectKeyFromObject(o), u); err != nil {
		t.Fatal(err)
	}
	return u
}

// settle previews until objects are known to be as they should be.
func settle(t *testing.T, c *Cluster, objects ...*unstructured.Unstructured) {
	t.Helper()
	eventually(t, "nothing to do", func() string {
		previews, err := c.Preview(t.Context(), objects)
		if err != nil {
			return err.Error()
		}
		for i, p := range previews {
			if p.After != nil || p.Err != nil || !c.unchanged(objects[i]) {
				return fmt.Sprintf("%s: %+v", p.Ref, p)
			}
		}
		return ""
	})
}

func TestNoOpCostsNothing(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := []*unstructured.Unstructured{
		configMap(t, ns, "a", "1"),
		service(t, ns),
		statefulSet(t, ns, "example.com/phi:1"),
	}
	apply(t, c, cluster.Created, objects...)
	settle(t, c, objects...)
	version := live(t, c, objects[0]).GetResourceVersion()
	asked := func() string {
		seen := c.Requests()
		delete(seen, "WATCH") // a watch may be renewed at any time
		return fmt.Sprint(seen)
	}
	before := asked()
	if _, err := c.Preview(t.Context(), objects); err != nil {
		t.Fatal(err)
	}
	apply(t, c, cluster.Unchanged, objects...)
	if now := asked(); now != before {
		t.Errorf("requests %s, then %s", before, now)
	}

	again := reconnect(t, shared.kubeconfig, ns)
	apply(t, again, cluster.Unchanged, objects...)
	if again.Writes() != 0 || live(t, c, objects[0]).GetResourceVersion() != version {
		t.Errorf("a restart wrote: %v", again.Requests())
	}
}

func TestDriftIsRepaired(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	o := configMap(t, ns, "a", "1")
	apply(t, c, cluster.Created, o)
	settle(t, c, o)
	edited := live(t, c, o)
	_ = unstructured.SetNestedField(edited.Object, "edited", "data", "a")
	_ = unstructured.SetNestedField(edited.Object, "theirs", "data", "b")
	if err := c.client.Update(t.Context(), edited, client.FieldOwner("kubectl-edit")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the drift to be seen", func() string {
		previews, err := c.Preview(t.Context(), []*unstructured.Unstructured{o})
		if err != nil || previews[0].After == nil {
			return fmt.Sprint(previews, err)
		}
		return ""
	})
	apply(t, c, cluster.Configured, o)
	data, _, _ := unstructured.NestedStringMap(live(t, c, o).Object, "data")
	if data["a"] != "1" || data["b"] != "theirs" {
		t.Errorf("data %v", data)
	}
}

func TestOthersAreLeftAlone(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	for name, labels := range map[string]map[string]string{
		"users":    nil,
		"syncer-2": {cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: "other"},
	} {
		createAs(t, ns, "kubectl", &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
		o := configMap(t, ns, name, "1")
		fine := configMap(t, ns, "fine-"+name, "1")
		fine.SetLabels(map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner})
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o, fine})
		if err != nil || changes[0].Result != cluster.Failed || !strings.Contains(changes[0].Err.Error(), "belongs to") ||
			changes[1].Result != cluster.Created {
			t.Errorf("%s: %+v, %v", name, changes, err)
		}
	}
	adopt := []byte(`{"metadata":{"annotations":{"syncer.dev/adopt":"true"}}}`)
	if _, err := shared.kube.CoreV1().ConfigMaps(ns).
		Patch(t.Context(), "users", types.MergePatchType, adopt, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	apply(t, c, cluster.Configured, configMap(t, ns, "users", "1"))
}

func TestOneRefusalStopsNothingElse(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	c.options.Namespaces = append(c.options.Namespaces, "no-such-namespace")
	typo := configMap(t, ns, "typo", "1")
	typo.Object["dtaa"] = map[string]any{}
	nowhere := configMap(t, "no-such-namespace", "x", "1")
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{typo, nowhere, configMap(t, ns, "good", "1")})
	if err != nil {
		t.Fatal(err)
	}
	if changes[0].Result != cluster.Failed || !strings.Contains(changes[0].Err.Error(), "dtaa") {
		t.Errorf("a misspelt field: %+v", changes[0])
	}
	if changes[1].Result != cluster.Failed || !strings.Contains(changes[1].Err.Error(), "kubectl create namespace") {
		t.Errorf("a namespace that does not exist: %+v", changes[1])
	}
	if changes[2].Result != cluster.Created {
		t.Errorf("the good one: %+v", changes[2])
	}
}

// TestOutsideIsRefused: any content of a repository, no kind and no namespace outside of the configuration is
// written.
func TestOutsideIsRefused(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	binding := object(
		t,
		ns,
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: owned}\n",
	)
	binding.SetNamespace("")
	objects := []*unstructured.Unstructured{
		object(t, ns, "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"), binding,
		configMap(t, "kube-system", "a", "1"), configMap(t, ns, "good", "1"),
	}
	previews, err := c.Preview(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	before := c.Writes()
	changes, err := c.Apply(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	for i := range objects[:3] {
		var refused *RefusedError
		if !errors.As(previews[i].Err, &refused) || !errors.As(changes[i].Err, &refused) ||
			changes[i].Result != cluster.Failed {
			t.Errorf("%s: preview %v, applied %+v", objects[i].GetKind(), previews[i].Err, changes[i])
		}
	}
	if changes[3].Result != cluster.Created || c.Writes() != before+1 {
		t.Errorf("the one beside them: %+v; %d writes", changes[3], c.Writes()-before)
	}
}

func TestJobIsReplacedOnlyForOtherInputs(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	first := job(t, ns, "example.com/tune:1", "d1")
	apply(t, c, cluster.Created, first)
	uid := live(t, c, first).GetUID()
	apply(t, c, cluster.Unchanged, job(t, ns, "example.com/tune:2", "d1"))
	if live(t, c, first).GetUID() != uid {
		t.Error("a job for the same inputs was replaced")
	}
	apply(t, c, cluster.Replaced, job(t, ns, "example.com/tune:2", "d2"))
	if live(t, c, first).GetUID() == uid {
		t.Error("a job for other inputs was not replaced")
	}
	eventually(t, "the job to complete", func() string {
		s, err := c.Observe(t.Context())
		if w := s.Workloads[workspace.Key{Namespace: ns, Name: "phi"}]; err != nil || !w.Complete {
			return fmt.Sprintf("%+v %v", w, err)
		}
		return ""
	})
}

func TestWorkloadIsObserved(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	key := workspace.Key{Namespace: ns, Name: "phi"}
	wait := func(what string, ok func(cluster.Workload) bool) {
		t.Helper()
		eventually(t, what, func() string {
			s, err := c.Observe(t.Context())
			if w := s.Workloads[key]; err != nil || !ok(w) {
				return fmt.Sprintf("%+v %v", w, err)
			}
			return ""
		})
	}
	reason := func(r string) func(cluster.Workload) bool {
		return func(w cluster.Workload) bool { return len(w.Pods) == 1 && w.Pods[0].Reason == r && w.Ready == 0 }
	}
	apply(t, c, cluster.Created, service(t, ns), statefulSet(t, ns, "example.com/phi:1"))
	wait("no node to be said", reason("Unschedulable"))
	shared.gpus.Store(true)
	defer shared.gpus.Store(false)
	wait("ready", func(w cluster.Workload) bool { return w.Current && w.Ready == 1 && w.Endpoints == 1 })
	s, err := c.Observe(t.Context())
	if err != nil || len(s.Nodes) != 1 || s.Nodes[0].GPUs != 4 || !s.Nodes[0].Ready || s.Nodes[0].Pool != "wphi" {
		t.Errorf("nodes %+v, %v", s.Nodes, err)
	}
	for image, want := range map[string]string{
		"missing:1": "ImagePullError",
		"crash:1":   "ContainerCrashLoopBackOff",
		"greedy:1":  "ContainerOOMKilled",
	} {
		apply(t, c, cluster.Configured, statefulSet(t, ns, "example.com/"+image))
		// The controller may have deleted the pod already, and not recreated it yet.
		err := shared.kube.CoreV1().Pods(ns).Delete(t.Context(), "phi-0", metav1.DeleteOptions{})
		if client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
		wait(want, reason(want))
	}
}

func TestPruneDeletesOnlyWhatIsOurs(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	kept := configMap(t, ns, "kept", "1")
	kept.SetAnnotations(map[string]string{cluster.AnnotationPrune: "disabled"})
	apply(t, c, cluster.Created, configMap(t, ns, "ours", "1"), configMap(t, ns, "recreated", "1"), kept)
	copied := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "copied", Labels: kept.GetLabels()}}
	createAs(t, ns, "kubectl", copied)
	byName := map[string]*cluster.Object{}
	eventually(t, "all four to be seen", func() string {
		s, err := c.Observe(t.Context())
		for _, o := range s.Objects {
			byName[o.Name] = o
		}
		if err != nil || len(byName) != 4 {
			return fmt.Sprint(byName, err)
		}
		return ""
	})
	if byName["copied"].Owned || !byName["ours"].Owned || !byName["kept"].PruneDisabled {
		t.Errorf("%+v", byName)
	}
	if err := shared.kube.CoreV1().ConfigMaps(ns).Delete(t.Context(), "recreated", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	apply(t, c, cluster.Created, configMap(t, ns, "recreated", "2"))
	gone := *byName["ours"]
	gone.Name = "gone"
	want := map[string]cluster.Result{
		"ours":      cluster.Deleted,
		"recreated": cluster.Skipped,
		"kept":      cluster.Skipped,
		"copied":    cluster.Skipped,
		"gone":      cluster.Skipped,
	}
	changes, err := c.Prune(
		t.Context(),
		[]*cluster.Object{byName["ours"], byName["recreated"], byName["kept"], byName["copied"], &gone},
	)
	if err != nil || len(changes) != len(want) {
		t.Fatalf("%+v, %v", changes, err)
	}
	for _, e := range changes {
		if e.Result != want[e.Ref.Name] {
			t.Errorf("%s: %s, want %s", e.Ref.Name, e.Result, want[e.Ref.Name])
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel() // client-go repeats a read that was cut for ten seconds
	p := newProxy(t, strings.TrimPrefix(shared.url, "https://"))
	data, err := os.ReadFile(shared.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	rewritten := strings.ReplaceAll(string(data), shared.url, "https://"+p.l.Addr().String())
	if err := os.WriteFile(path, []byte(rewritten), 0o600); err != nil {
		t.Fatal(err)
	}
	c, ns := connect(t, path)
	o := configMap(t, ns, "a", "1")
	apply(t, c, cluster.Created, o)
	p.set(true)
	var unreachable *UnreachableError
	eventually(t, "the end of the watches to be noticed", func() string {
		if _, err := c.Observe(t.Context()); !errors.As(err, &unreachable) || unreachable.Starting() {
			return fmt.Sprint("observe: ", err)
		}
		return ""
	})
	if _, err := c.Preview(t.Context(), []*unstructured.Unstructured{configMap(t, ns, "b", "1")}); !errors.As(
		err,
		&unreachable,
	) {
		t.Errorf("preview: %v", err)
	}
	if _, err := c.Apply(t.Context(), []*unstructured.Unstructured{configMap(t, ns, "b", "1")}); !errors.As(
		err,
		&unreachable,
	) {
		t.Errorf("apply: %v", err)
	}
	p.set(false)
	eventually(t, "recovery", func() string {
		if _, err := c.Observe(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
	apply(t, c, cluster.Created, configMap(t, ns, "b", "1"))
}

// proxy passes connections on until it is cut.
type proxy struct {
	l    net.Listener
	mu   sync.Mutex
	cut  bool
	open []net.Conn
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l}
	t.Cleanup(func() { _ = l.Close(); p.set(true) })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			p.mu.Lock()
			if err != nil || p.cut {
				_ = in.Close()
				p.mu.Unlock()
				continue
			}
			p.open = append(p.open, in, out)
			p.mu.Unlock()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		}
	}()
	return p
}

func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

// TestImmutableClaimTemplates changes the claims of a StatefulSet, which Kubernetes does not let change: preview and
// apply report the field and the cure, the StatefulSet stays as it is, with its UID, and the Service beside it is not
// created.
func TestImmutableClaimTemplates(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	const claims = server + "  volumeClaimTemplates:\n  - metadata: {name: weights}\n" +
		"    spec: {accessModes: [ReadWriteOnce], storageClassName: %s, resources: {requests: {storage: %s}}}\n"
	first := object(t, ns, fmt.Sprintf(claims, "fast", "1Gi"))
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{first})
	if err != nil || changes[0].Result != cluster.Created {
		t.Fatal(err, changes)
	}
	before, err := shared.kube.AppsV1().StatefulSets(ns).Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	service := object(t, ns, "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}")
	eventually(t, "the watch to see it", func() string {
		if !c.watches.Has(workspace.Key{Namespace: ns, Name: "phi"}) {
			return "not seen yet"
		}
		return ""
	})
	for name, o := range map[string]*unstructured.Unstructured{
		"another class": object(t, ns, fmt.Sprintf(claims, "slow", "1Gi")),
		"another size":  object(t, ns, fmt.Sprintf(claims, "fast", "2Gi")),
		"no claims":     object(t, ns, server),
	} {
		previews, err := c.Preview(t.Context(), []*unstructured.Unstructured{o})
		if err != nil || previews[0].Err == nil || previews[0].Replace != "" ||
			!strings.Contains(previews[0].Err.Error(), "spec.volumeClaimTemplates") {
			t.Errorf("%s: preview %+v, %v", name, previews[0], err)
		}
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o, service})
		if err != nil {
			t.Fatalf("%s: the server counts as unusable: %v", name, err)
		}
		for _, e := range changes {
			if e.Ref.Kind == "StatefulSet" && (e.Result != cluster.Failed || e.Err == nil ||
				!strings.Contains(e.Err.Error(), "field is immutable") ||
				!strings.Contains(e.Err.Error(), "kubectl delete statefulset -n "+ns+" a --cascade=orphan")) {
				t.Errorf("%s: %s, %v", name, e.Result, e.Err)
			}
			if e.Ref.Kind == "Service" && (e.Result != cluster.Skipped || e.Err == nil ||
				!strings.Contains(e.Err.Error(), "StatefulSet/a of the same Workspace is refused")) {
				t.Errorf("%s: the Service beside it: %s, %v", name, e.Result, e.Err)
			}
		}
		after, err := shared.kube.AppsV1().StatefulSets(ns).Get(t.Context(), "a", metav1.GetOptions{})
		if err != nil || after.UID != before.UID || after.Generation != before.Generation {
			t.Errorf("%s: the StatefulSet changed: %+v, %v", name, after, err)
		}
	}
}

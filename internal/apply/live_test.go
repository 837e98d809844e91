// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// asked returns the requests that were made, without watches: those come and go by themselves.
func asked(c *Cluster) map[string]int64 {
	seen := c.Requests()
	delete(seen, "WATCH")
	delete(seen, "GET version") // of the probe, which no pass causes
	return seen
}

// edit changes a live object as a user with kubectl does.
func edit(t *testing.T, c *Cluster, o *unstructured.Unstructured, change func(*unstructured.Unstructured)) {
	t.Helper()
	eventually(t, "the edit", func() string {
		u := live(t, c, o)
		change(u)
		if err := c.client.Update(t.Context(), u, client.FieldOwner("kubectl-edit")); err != nil {
			return err.Error()
		}
		return ""
	})
}

// repaired applies until the drift has been seen and made good.
func repaired(t *testing.T, c *Cluster, o *unstructured.Unstructured) {
	t.Helper()
	eventually(t, "the repair", func() string {
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
		if err != nil || changes[0].Result != cluster.Configured {
			return fmt.Sprint(changes, err)
		}
		return ""
	})
}

// rewired returns the path of a kubeconfig like that of the tests, with some text in it replaced.
func rewired(t *testing.T, before, after string) string {
	t.Helper()
	data, err := os.ReadFile(shared.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), before) {
		t.Fatalf("the kubeconfig has no %q", before)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func everyKind(t *testing.T, ns string) []*unstructured.Unstructured {
	claim := object(t, ns, `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: phi}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`)
	tune := job(t, ns, "example.com/tune:1", "d1")
	tune.SetName("tune")
	return []*unstructured.Unstructured{
		configMap(t, ns, "phi", "1"),
		claim,
		service(t, ns),
		statefulSet(t, ns, "example.com/phi:1"),
		tune,
	}
}

// A pass that has nothing to do costs no request.
func TestPassThatChangesNothing(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := everyKind(t, ns)
	previewCreates(t, c, objects)
	apply(t, c, cluster.Created, objects...)
	settle(t, c, objects...)

	created, before, writes := versionsOf(t, c, objects), asked(c), c.Writes()
	if _, err := c.Observe(t.Context()); err != nil {
		t.Fatal(err)
	}
	previewNothing(t, c, objects)
	if after := asked(c); !maps.Equal(before, after) || c.Writes() != writes {
		t.Errorf("requests %v, want %v", after, before)
	}

	again := reconnect(t, shared.kubeconfig, ns)
	previewNothing(t, again, objects)
	apply(t, again, cluster.Unchanged, objects...)
	if again.Writes() != 0 {
		t.Errorf("a restart wrote: %v", again.Requests())
	}
	// The StatefulSet alone, because the server writes its quantity in another way.
	if got := asked(again); got["PATCH dry run"] != 1 || got["GET"] != 0 {
		t.Errorf("requests after a restart: %v", got)
	}
	if diff := cmp.Diff(created, versionsOf(t, c, objects)); diff != "" {
		t.Errorf("versions (-created +now):\n%s", diff)
	}
}

// previewCreates checks that a preview would create each object, and writes nothing.
func previewCreates(t *testing.T, c *Cluster, objects []*unstructured.Unstructured) {
	t.Helper()
	previews, err := c.Preview(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range previews {
		if p.Before != nil || p.After == nil || p.Err != nil || p.Replace != "" || p.Ref != cluster.RefOf(objects[i]) {
			t.Errorf("want a create: %+v", p)
		}
	}
	if c.Writes() != 0 {
		t.Errorf("a preview wrote: %v", c.Requests())
	}
}

// previewNothing checks that a preview would change no object.
func previewNothing(t *testing.T, c *Cluster, objects []*unstructured.Unstructured) {
	t.Helper()
	previews, err := c.Preview(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range previews {
		if p.After != nil || p.Err != nil || p.Replace != "" {
			t.Errorf("want no change: %+v", p)
		}
	}
}

// objectVersion identifies one state of an object, without its status.
type objectVersion struct {
	UID        types.UID
	Generation int64
	Resource   string
}

func versionsOf(t *testing.T, c *Cluster, objects []*unstructured.Unstructured) []objectVersion {
	t.Helper()
	var out []objectVersion
	for _, o := range objects {
		u := live(t, c, o)
		v := objectVersion{u.GetUID(), u.GetGeneration(), u.GetResourceVersion()}
		if v.Generation != 0 || o.GetKind() == "PersistentVolumeClaim" {
			v.Resource = "" // controllers write its status
		}
		out = append(out, v)
	}
	return out
}

func TestDriftOfSpecAndLabels(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	o := service(t, ns)
	apply(t, c, cluster.Created, o)
	settle(t, c, o)

	edit(t, c, o, func(u *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(u.Object, "other", "spec", "selector", "kaito.sh/workspace")
		// This field has no desired state.
		_ = unstructured.SetNestedField(u.Object, "ClientIP", "spec", "sessionAffinity")
	})
	repaired(t, c, o)
	spec, _, _ := unstructured.NestedMap(live(t, c, o).Object, "spec")
	if selector := fmt.Sprint(spec["selector"]); selector != "map[kaito.sh/workspace:phi]" ||
		spec["sessionAffinity"] != "ClientIP" {
		t.Errorf("spec %v", spec)
	}

	settle(t, c, o)
	edit(t, c, o, func(u *unstructured.Unstructured) {
		l := u.GetLabels()
		l[cluster.LabelWorkspace], l["team"] = "other", "b"
		u.SetLabels(l)
	})
	repaired(t, c, o)
	if l := live(t, c, o).GetLabels(); l[cluster.LabelWorkspace] != "phi" || l["team"] != "b" {
		t.Errorf("labels %v", l)
	}

	settle(t, c, o)
	edit(t, c, o, func(u *unstructured.Unstructured) { u.SetAnnotations(nil) })
	repaired(t, c, o)
	if a := live(t, c, o).GetAnnotations(); a[cluster.AnnotationInputs] != "d1" {
		t.Errorf("annotations %v", a)
	}

	settle(t, c, o) // apply removes a field that is no longer desired
	less := o.DeepCopy()
	less.SetAnnotations(map[string]string{cluster.AnnotationInputs: "d1"})
	apply(t, c, cluster.Configured, less)
	if a := live(t, c, o).GetAnnotations(); a[cluster.AnnotationSource] != "" {
		t.Errorf("annotations %v", a)
	}
}

// What carries our labels without being applied by us is not ours to change either.
func TestCopiedLabelsAreNotOurs(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	o := configMap(t, ns, "copied", "1")
	theirs := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "copied", Labels: o.GetLabels()},
		Data:       map[string]string{"a": "theirs"},
	}
	createAs(t, ns, "helm", theirs)
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
	if err != nil || changes[0].Result != cluster.Failed || !strings.Contains(changes[0].Err.Error(), "helm") {
		t.Errorf("%+v, %v", changes, err)
	}
	if data, _, _ := unstructured.NestedString(live(t, c, o).Object, "data", "a"); data != "theirs" {
		t.Errorf("data %q, requests %v", data, c.Requests())
	}
	edit(t, c, o, func(u *unstructured.Unstructured) {
		u.SetAnnotations(map[string]string{wellknown.AnnotationAdopt: "true"})
	})
	apply(t, c, cluster.Configured, o)
	if u := live(t, c, o); !mirror.AppliedByUs(u) {
		t.Error("it was handed over, and is not ours")
	}
	settle(t, c, o)
}

// TestCreatedByAnother: an object of others that the watch does not see, because it does not have our labels, is left
// alone: the one request that would create ours is refused. Handed over, it is changed.
func TestCreatedByAnother(t *testing.T) {
	for value, name := range map[string]string{"1": "same", "2": "different"} {
		t.Run(name, func(t *testing.T) {
			c, ns := connect(t, shared.kubeconfig)
			o := configMap(t, ns, "a", "1")
			createAs(t, ns, "helm", &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "a"}, Data: map[string]string{"a": value, "b": "theirs"},
			})
			before := live(t, c, o).GetResourceVersion()
			for _, ask := range []bool{false, true} {
				if ask {
					p, err := c.Preview(t.Context(), []*unstructured.Unstructured{o})
					if err != nil || p[0].After != nil || p[0].Err == nil || !strings.Contains(p[0].Err.Error(), "helm") {
						t.Errorf("preview %+v, %v", p, err)
					}
				}
				changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
				if err != nil || changes[0].Result != cluster.Failed || changes[0].Err == nil ||
					!strings.Contains(changes[0].Err.Error(), "belongs to helm") {
					t.Errorf("%+v, %v", changes, err)
				}
			}
			if now := live(t, c, o).GetResourceVersion(); now != before {
				t.Errorf("it was written: version %s, then %s", before, now)
			}
			edit(t, c, o, func(u *unstructured.Unstructured) {
				u.SetAnnotations(map[string]string{wellknown.AnnotationAdopt: "true"})
			})
			apply(t, c, cluster.Configured, o)
			data, _, _ := unstructured.NestedStringMap(live(t, c, o).Object, "data")
			if data["a"] != "1" || data["b"] != "theirs" {
				t.Errorf("data %v", data)
			}
		})
	}
}

func TestInvalidObjectsAreExplained(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	c.options.Namespaces = append(c.options.Namespaces, "not-there")
	port := statefulSet(t, ns, "example.com/phi:1")
	containers, _, _ := unstructured.NestedSlice(port.Object, "spec", "template", "spec", "containers")
	containers[0].(map[string]any)["ports"] = []any{map[string]any{"containerPort": int64(70000)}}
	_ = unstructured.SetNestedSlice(port.Object, containers, "spec", "template", "spec", "containers")
	typo := service(t, ns)
	_ = unstructured.SetNestedField(typo.Object, "x", "spec", "selectr")
	unknown := object(t, ns, "apiVersion: example.com/v1\nkind: Unknown\nmetadata: {name: x}")
	good := job(t, ns, "example.com/tune:1", "d1")
	objects := []*unstructured.Unstructured{port, typo, unknown, configMap(t, "not-there", "x", "1"), good}
	words := []string{
		"containerPort",
		"selectr",
		"Unknown",
		"namespace not-there does not exist; create it: kubectl create namespace not-there",
	}
	previews, err := c.Preview(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := c.Apply(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range words {
		if p := previews[i]; p.Err == nil || p.After != nil || !strings.Contains(p.Err.Error(), word) {
			t.Errorf("preview %s: %v", word, p.Err)
		}
		if e := changes[i]; e.Result != cluster.Failed || e.Err == nil || !strings.Contains(e.Err.Error(), word) {
			t.Errorf("apply %s: %+v", word, e)
		}
	}
	if e := changes[4]; e.Result != cluster.Created || previews[4].After == nil {
		t.Errorf("the good one: %+v", e)
	}
	if changes.Writes() != 1 {
		t.Errorf("writes %d, requests %v", changes.Writes(), c.Requests())
	}
}

func TestPruneEveryKind(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := everyKind(t, ns)
	for _, o := range objects {
		if o.GetKind() == "PersistentVolumeClaim" { // it holds data, and stays without a word of its own
			o.SetAnnotations(map[string]string{cluster.AnnotationPrune: workspace.PruneEnabled})
		}
	}
	apply(t, c, cluster.Created, objects...)
	var doomed []*cluster.Object
	eventually(t, "all to be seen", func() string {
		s, err := c.Observe(t.Context())
		if err != nil || len(s.Objects) != len(objects) {
			return fmt.Sprint(s.Objects, err)
		}
		doomed = s.Objects
		return ""
	})
	other := *doomed[0]
	other.UID = "00000000-0000-0000-0000-000000000000"
	changes, err := c.Prune(t.Context(), []*cluster.Object{&other})
	if err != nil || changes[0].Result != cluster.Skipped || changes.Writes() != 0 {
		t.Errorf("%+v, %v", changes, err)
	}
	changes, err = c.Prune(t.Context(), doomed)
	if err != nil || changes.Writes() != len(objects) {
		t.Fatalf("%+v, %v", changes, err)
	}
	last := 2
	for _, e := range changes {
		if s := cluster.Stage(e.Ref.Kind); s > last {
			t.Errorf("%s was deleted after what it needs", e.Ref)
		} else {
			last = s
		}
	}
	eventually(t, "all to be gone", func() string {
		s, err := c.Observe(t.Context())
		for _, o := range s.Objects {
			if !o.Deleting {
				return o.String()
			}
		}
		if err != nil {
			return err.Error()
		}
		return ""
	})
	claims := map[cluster.Result]bool{cluster.Skipped: true, cluster.Deleted: true} // a finalizer may hold the claim
	changes, err = c.Prune(t.Context(), doomed)
	for _, e := range changes {
		if e.Result != cluster.Skipped && !(e.Ref.Kind == "PersistentVolumeClaim" && claims[e.Result]) {
			t.Errorf("what is gone: %+v", e)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestNotListedYet(t *testing.T) {
	c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{"default"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Requests()) != 0 {
		t.Errorf("connecting asked: %v", c.Requests())
	}
	var unreachable *UnreachableError
	if _, err := c.Observe(t.Context()); !errors.As(err, &unreachable) || !unreachable.Starting() ||
		!strings.Contains(err.Error(), shared.url) {
		t.Errorf("%v", err)
	}
}

func TestConnectNeedsAKubeconfig(t *testing.T) {
	if _, err := Connect(Options{Kubeconfig: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("no error")
	}
	if _, err := Connect(Options{Kubeconfig: shared.kubeconfig, Context: "none"}); err == nil ||
		!strings.Contains(err.Error(), "none") {
		t.Errorf("%v", err)
	}
}

// An address may end in a slash, and without a scheme it means plain HTTP.
func TestAddressOfTheServer(t *testing.T) {
	c, ns := connect(t, rewired(t, shared.url, shared.url+"/"))
	apply(t, c, cluster.Created, configMap(t, ns, "a", "1"))

	var path string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a}}]
clusters: [{name: a, cluster: {server: '%s'}}]
`, strings.TrimPrefix(server.URL, "http://"))
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := Connect(Options{Kubeconfig: kubeconfig, Cluster: owner})
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.contact(t.Context()); err != nil || path != "/version" {
		t.Errorf("%q, %v", path, err)
	}
}

func TestNotPermitted(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	path := rewired(t, "client-certificate-data:", "as: guest\n    client-certificate-data:")
	c, err := Connect(Options{Kubeconfig: path, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	eventually(t, "the reason why nothing can be listed", func() string {
		_, err := c.Observe(t.Context())
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || unreachable.Starting() || !apierrors.IsForbidden(err) {
			return fmt.Sprint(err)
		}
		return ""
	})
	previews, err := c.Preview(t.Context(), []*unstructured.Unstructured{configMap(t, ns, "a", "1")})
	if err != nil || previews[0].Err == nil || !strings.Contains(previews[0].Err.Error(), "not permitted") {
		t.Errorf("%+v, %v", previews, err)
	}
}

// A server that is away is no refusal of an object, of a kind that was asked about before or not.
func TestUnreachableFromTheStart(t *testing.T) {
	t.Parallel() // client-go repeats a read that was cut for ten seconds
	p := newProxy(t, strings.TrimPrefix(shared.url, "https://"))
	path := rewired(t, shared.url, "https://"+p.l.Addr().String())
	ns := "default"
	p.set(true)
	c, err := Connect(Options{Kubeconfig: path, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	var unreachable *UnreachableError
	if _, err := c.Observe(t.Context()); !errors.As(err, &unreachable) || unreachable.Starting() {
		t.Errorf("observe: %v", err)
	}
	if _, err := c.Preview(t.Context(), []*unstructured.Unstructured{job(t, ns, "example.com/tune:1", "d1")}); !errors.As(
		err,
		&unreachable,
	) {
		t.Errorf("preview: %v", err)
	}
	doomed := cluster.Object{Ref: cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: ns, Name: "x"}}
	changes, err := c.Prune(t.Context(), []*cluster.Object{&doomed})
	if !errors.As(err, &unreachable) || len(changes) != 0 {
		t.Errorf("prune: %v, %v", changes, err)
	}
	p.set(false)
	eventually(t, "the first listing", func() string {
		if _, err := c.Observe(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
}

// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/fence"
)

// of gives an object to a Workspace, with its name.
func of(workspace string, objects ...*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, o := range objects {
		labels := o.GetLabels()
		labels[cluster.LabelWorkspace] = workspace
		o.SetLabels(labels)
		o.SetName(workspace)
	}
	return objects
}

// wrapped returns a Cluster whose requests pass a function first.
func wrapped(t *testing.T, before func(*http.Request)) (*Cluster, string) {
	t.Helper()
	_, ns := connect(t, shared.kubeconfig)
	c, err := Connect(Options{Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}})
	if err != nil {
		t.Fatal(err)
	}
	c.config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			before(r)
			return next.RoundTrip(r)
		})
	})
	if err := c.dial(); err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the first listing", func(cluster.State) string { return "" })
	return c, ns
}

// TestBarrier: a Workspace that exists is written as a whole or not at all; another one and a new one go on.
func TestBarrier(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	old := of("old", configMap(t, ns, "", "1"), service(t, ns))
	other := of("other", configMap(t, ns, "", "1"))
	apply(t, c, cluster.Created, slices.Concat(old, other)...)
	settle(t, c, slices.Concat(old, other)...)

	bad := of("old", service(t, ns))[0]
	_ = unstructured.SetNestedField(bad.Object, "NoSuchType", "spec", "type")
	changed := of("old", configMap(t, ns, "", "2"))[0]
	created := of("old", statefulSet(t, ns, "example.com/phi:1"))[0]
	badFresh := of("fresh", service(t, ns))[0]
	_ = unstructured.SetNestedField(badFresh.Object, "NoSuchType", "spec", "type")
	objects := slices.Concat(
		[]*unstructured.Unstructured{changed, bad, created},
		of("other", configMap(t, ns, "", "2")), of("fresh", configMap(t, ns, "", "1")),
		[]*unstructured.Unstructured{badFresh},
	)
	changes, err := c.Apply(t.Context(), objects)
	if err != nil {
		t.Fatal(err)
	}
	want := []cluster.Result{
		cluster.Skipped, cluster.Failed, cluster.Skipped, cluster.Configured, cluster.Created, cluster.Failed,
	}
	for i, e := range changes {
		if e.Result != want[i] {
			t.Errorf("%s: %s (%v), want %s", e.Ref, e.Result, e.Err, want[i])
		}
	}
	if why := fmt.Sprint(changes[0].Err); why != "Service/old of the same Workspace is refused" {
		t.Error(why)
	}
	data, _, _ := unstructured.NestedString(live(t, c, changed).Object, "data", "a")
	if now, err := c.read(t.Context(), created); data != "1" || now != nil || err != nil {
		t.Errorf("the Workspace was written in part: %q, %v, %v", data, now, err)
	}
}

// TestSlowWorkspace: a Workspace whose first request hangs does not hold up another one, and its own later stages wait.
func TestSlowWorkspace(t *testing.T) {
	release := make(chan struct{})
	c, ns := wrapped(t, func(r *http.Request) {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/configmaps/slow") {
			<-release
		}
	})
	slow := of("slow", configMap(t, ns, "", "1"), statefulSet(t, ns, "example.com/phi:1"))
	quick := of("quick", configMap(t, ns, "", "1"), statefulSet(t, ns, "example.com/phi:1"))
	done := make(chan cluster.ChangeSet)
	go func() {
		changes, err := c.Apply(t.Context(), slices.Concat(slow, quick))
		if err != nil {
			t.Error(err)
		}
		done <- changes
	}()
	eventually(t, "the last stage of the other Workspace", func() string {
		_, err := shared.kube.AppsV1().StatefulSets(ns).Get(t.Context(), "quick", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		return ""
	})
	if now, err := c.read(t.Context(), slow[1]); now != nil || err != nil {
		t.Errorf("a later stage did not wait: %v, %v", now, err)
	}
	close(release)
	for _, e := range <-done {
		if e.Result != cluster.Created {
			t.Errorf("%s: %s, %v", e.Ref, e.Result, e.Err)
		}
	}
}

// TestPlainObjectsComeFirst: a Workspace waits for a plain object that its pods name, and only for that.
func TestPlainObjectsComeFirst(t *testing.T) {
	release := make(chan struct{})
	c, ns := wrapped(t, func(r *http.Request) {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/configmaps/shared") {
			<-release
		}
	})
	plain := configMap(t, ns, "shared", "1")
	plain.SetLabels(map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner})
	uses := of("uses", statefulSet(t, ns, "example.com/phi:1"))
	alone := of("alone", statefulSet(t, ns, "example.com/phi:1"))
	_ = unstructured.SetNestedSlice(uses[0].Object, []any{
		map[string]any{"name": "v", "configMap": map[string]any{"name": "shared"}},
	}, "spec", "template", "spec", "volumes")
	done := make(chan error)
	go func() {
		_, err := c.Apply(t.Context(), append(slices.Concat(uses, alone), plain))
		done <- err
	}()
	eventually(t, "the Workspace that does not name it", func() string {
		now, err := c.read(t.Context(), alone[0])
		if now == nil || err != nil {
			return fmt.Sprint(err)
		}
		return ""
	})
	if now, err := c.read(t.Context(), uses[0]); now != nil || err != nil {
		t.Errorf("the Workspace that names it did not wait: %v, %v", now, err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if now, err := c.read(t.Context(), uses[0]); now == nil || err != nil {
		t.Errorf("it was not written: %v", err)
	}
}

// TestDriftOfMetadata: a finalizer and an owner that are desired and were removed are put back; those of others stay.
func TestDriftOfMetadata(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	parent := configMap(t, ns, "parent", "1")
	apply(t, c, cluster.Created, parent)
	uid := live(t, c, parent).GetUID()
	o := service(t, ns)
	o.SetFinalizers([]string{"syncer.dev/test"})
	o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "parent", UID: uid}})
	apply(t, c, cluster.Created, o)
	settle(t, c, o)
	t.Cleanup(func() {
		patch := []byte(`{"metadata":{"finalizers":null}}`)
		_, _ = shared.kube.CoreV1().Services(ns).Patch(context.Background(), o.GetName(), types.MergePatchType, patch,
			metav1.PatchOptions{})
	})
	for name, change := range map[string]func(*unstructured.Unstructured){
		"finalizers": func(u *unstructured.Unstructured) { u.SetFinalizers([]string{"example.com/theirs"}) },
		"owners":     func(u *unstructured.Unstructured) { u.SetOwnerReferences(nil) },
	} {
		edit(t, c, o, change)
		repaired(t, c, o)
		now := live(t, c, o)
		if !slices.Contains(now.GetFinalizers(), "syncer.dev/test") || len(now.GetOwnerReferences()) != 1 {
			t.Errorf("%s: %v, %v", name, now.GetFinalizers(), now.GetOwnerReferences())
		}
		settle(t, c, o)
	}
	if now := live(t, c, o); !slices.Contains(now.GetFinalizers(), "example.com/theirs") {
		t.Errorf("a finalizer of others is gone: %v", now.GetFinalizers())
	}
}

// TestRecreated: an object of the list is created again where the server does not let it change, but not with a typo
// beside that change, and a volume claim never.
func TestRecreated(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	frozen := func(value string) *unstructured.Unstructured {
		o := configMap(t, ns, "frozen", value)
		o.Object["immutable"] = true
		return o
	}
	headless := service(t, ns)
	_ = unstructured.SetNestedField(headless.Object, "None", "spec", "clusterIP")
	claim := everyKind(t, ns)[1]
	other := claim.DeepCopy()
	_ = unstructured.SetNestedStringSlice(other.Object, []string{"ReadWriteMany"}, "spec", "accessModes")
	before := []*unstructured.Unstructured{frozen("1"), service(t, ns), claim}
	apply(t, c, cluster.Created, before...)
	uids := map[string]any{}
	for _, o := range before {
		uids[o.GetKind()] = live(t, c, o).GetUID()
	}
	typo := headless.DeepCopy()
	_ = unstructured.SetNestedSlice(typo.Object, []any{map[string]any{"port": int64(70000)}}, "spec", "ports")
	for _, o := range []*unstructured.Unstructured{typo, other} {
		changes, err := c.Apply(t.Context(), of1(o))
		if err != nil || changes[0].Result != cluster.Failed || live(t, c, o).GetUID() != uids[o.GetKind()] {
			t.Errorf("%s: %+v, %v", o.GetKind(), changes, err)
		}
	}
	for _, o := range []*unstructured.Unstructured{frozen("2"), headless} {
		p, err := c.Preview(t.Context(), of1(o))
		if err != nil || p[0].Replace == "" || p[0].Before == nil || p[0].After == nil {
			t.Errorf("%s: preview %+v, %v", o.GetKind(), p, err)
		}
		apply(t, c, cluster.Replaced, o)
		if live(t, c, o).GetUID() == uids[o.GetKind()] {
			t.Errorf("%s was not created again", o.GetKind())
		}
	}
}

func of1(o *unstructured.Unstructured) []*unstructured.Unstructured {
	return []*unstructured.Unstructured{o}
}

// TestSweep: what is known of an object ends with its time in the sweep, once in an interval, and a preview asks again.
func TestSweep(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	objects := []*unstructured.Unstructured{configMap(t, ns, "a", "1"), configMap(t, ns, "b", "1")}
	apply(t, c, cluster.Created, objects...)
	settle(t, c, objects...)
	start := time.Now()
	if n := c.sweepPart(t.Context(), time.Hour, start, start); n != 0 {
		t.Errorf("%d objects in no time", n)
	}
	due := 0
	for i := range 60 {
		at := start.Add(time.Duration(i) * time.Minute)
		due += c.sweepPart(t.Context(), time.Hour, at, at.Add(time.Minute))
	}
	if due != len(objects) || c.unchanged(objects[0]) || c.unchanged(objects[1]) {
		t.Errorf("%d objects were due", due)
	}
	before := asked(c)
	previewNothing(t, c, objects)
	want := maps.Clone(before)
	want["PATCH dry run"] += 2
	want["GET"] += 2
	if got := asked(c); !maps.Equal(got, want) || !c.unchanged(objects[0]) {
		t.Errorf("requests %v, want %v", got, want)
	}
	if err := shared.kube.CoreV1().ConfigMaps(ns).Delete(t.Context(), "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deletion", func() string {
		if c.live(objects[0]) != nil {
			return "still there"
		}
		return ""
	})
	if c.sweepPart(t.Context(), time.Hour, start, start); len(c.memory.Refs()) != 1 {
		t.Errorf("what is gone is remembered: %v", c.memory.Refs())
	}
}

// TestSweepOfOneReplica: a follower sweeps nothing, and one that has a part of the namespaces sweeps that part.
func TestSweepOfOneReplica(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	object := configMap(t, ns, "a", "1")
	apply(t, c, cluster.Created, object)
	settle(t, c, object)
	all := func() int {
		start := time.Now()
		return c.sweepPart(t.Context(), time.Hour, start, start.Add(time.Hour))
	}
	var leads map[string]bool
	c.options.MayWrite = func(_ context.Context, namespace string) error {
		if !leads[namespace] {
			return fence.ErrNotLeader
		}
		return nil
	}
	if n := all(); n != 0 || !c.unchanged(object) {
		t.Errorf("a follower sweeps %d objects", n)
	}
	if leads = map[string]bool{"other": true}; all() != 0 || !c.unchanged(object) {
		t.Error("a replica sweeps what another one writes")
	}
	if leads = map[string]bool{ns: true}; all() != 1 || c.unchanged(object) {
		t.Error("the replica that writes it does not sweep it")
	}
}

// TestUnchangedLooksAtPointers: the second look at the same objects reads nothing but their addresses.
func TestUnchangedLooksAtPointers(t *testing.T) {
	c, ns := connect(t, shared.kubeconfig)
	o := configMap(t, ns, "a", "1")
	apply(t, c, cluster.Created, o)
	settle(t, c, o)
	big := strings.Repeat("x", 1000)
	same := o.DeepCopy()
	if !c.unchanged(same) {
		t.Error("an equal object counts as another")
	}
	few := testing.AllocsPerRun(100, func() { c.unchanged(same) })
	same.Object["data"] = map[string]any{"a": big} // never done: it shows that nothing reads it
	if !c.unchanged(same) || few > 20 {
		t.Errorf("the content was read: %.0f allocations", few)
	}
	if c.unchanged(configMap(t, ns, "a", "2")) {
		t.Error("another content counts as the same")
	}
}

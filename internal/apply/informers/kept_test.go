// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/apply/wire"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// anyObject fills objects of the types of k8s.io/api at random, with the texts that syncer looks for among others.
type anyObject struct{ rng *rand.Rand }

func (a anyObject) text() string {
	texts := []string{
		"", "a", "some text\nof two lines", "ä <&> \u2028", "True", "False", "Ready", "PodScheduled", "Failed", "Succeeded",
		"Running", "OOMKilled", "CrashLoopBackOff", "ErrImagePull", "Evicted", "DaemonSet", "Node", "NodeClaim", "Complete",
		"karpenter.sh/v1", cluster.ManagedBy, owner, "w", "w-0", "default", "nvidia.com/gpu", wellknown.LabelAgentPool, "7",
	}
	return texts[a.rng.IntN(len(texts))]
}

func (a anyObject) key() string {
	keys := []string{
		cluster.LabelManagedBy, cluster.LabelCluster, cluster.LabelWorkspace, cluster.AnnotationInputs, "nvidia.com/gpu",
		"nvidia.com/mig-1g.5gb", discoveryv1.LabelServiceName, corev1.MirrorPodAnnotationKey, wellknown.LabelAgentPool,
		wellknown.AnnotationOwners, wellknown.AnnotationTemplate, "other",
	}
	return keys[a.rng.IntN(len(keys))]
}

func (a anyObject) fill(v reflect.Value, depth int) {
	switch of := v.Addr().Interface().(type) {
	case *metav1.Time:
		*of = metav1.NewTime(time.Unix(1_700_000_000+int64(a.rng.IntN(1000)), 0))
		return
	case *metav1.MicroTime, *metav1.TypeMeta:
		return
	case *resource.Quantity:
		*of = *resource.NewQuantity(int64(a.rng.IntN(3)), resource.DecimalSI)
		return
	case *intstr.IntOrString:
		*of = intstr.FromInt32(int32(a.rng.IntN(3)))
		return
	case *metav1.FieldsV1:
		sets := []string{
			`{"f:metadata":{"f:labels":{"f:syncer.dev/cluster":{}}}}`, `{"f:spec":{"f:replicas":{}}}`, `{}`,
			`{"f:metadata":{"f:labels":{"f:syncer.dev/cluster":{}}},"f:spec":{}}`,
		}
		of.SetRawString(sets[a.rng.IntN(len(sets))])
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if a.rng.IntN(2) == 0 && depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			a.fill(v.Elem(), depth-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			a.fill(v.Field(i), depth-1)
		}
	case reflect.Slice:
		if n := a.rng.IntN(3); n > 0 && depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				a.fill(v.Index(i), depth-1)
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range a.rng.IntN(5) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			key.SetString(a.key())
			a.fill(value, depth-1)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(a.text())
	case reflect.Bool:
		v.SetBool(a.rng.IntN(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(a.rng.IntN(3)))
	case reflect.Uint8:
		v.SetUint(uint64(a.rng.IntN(256)))
	}
}

// metadata fills what each object has, with our field manager now and then.
func (a anyObject) metadata(m *metav1.ObjectMeta, i int) {
	m.Name, m.Namespace = fmt.Sprintf("w-%d", i), "default"
	m.UID, m.ResourceVersion = "7c9e6679-7425-40de-944b-e07fc1f90ae7", fmt.Sprint(i)
	if a.rng.IntN(3) > 0 {
		m.DeletionTimestamp = nil
	}
	for i := range m.ManagedFields {
		if a.rng.IntN(2) == 0 {
			m.ManagedFields[i].Manager, m.ManagedFields[i].Operation = cluster.FieldManager, metav1.ManagedFieldsOperationApply
		}
	}
}

// started makes of a pod now and then one whose containers have started: what syncer measures.
func (a anyObject) started(o any) {
	pod, ok := o.(*corev1.Pod)
	if !ok || a.rng.IntN(3) > 0 {
		return
	}
	at := func(seconds int64) metav1.Time { return metav1.NewTime(time.Unix(1_700_000_000+seconds, 0)) }
	pod.CreationTimestamp = at(0)
	pod.Status.Reason = ""
	pod.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: at(60),
	}}
	pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = nil, []corev1.ContainerStatus{{
		Name: "a", Ready: true, RestartCount: a.rng.Int32N(2),
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at(30)}},
	}}
}

// onePage answers each list with the same bytes.
type onePage []byte

// RoundTrip returns the page.
func (p onePage) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(p)),
	}, nil
}

// everything compares objects with all their fields. Where a content is kept depends on what was kept before: it is
// compared as an object.
var everything = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".content" }, cmp.Ignore()),
	cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
}

// TestKeptAsByTheDynamicClient: of random objects, with all the fields that their types have, a list and a watch keep
// what is kept of the whole objects that the dynamic client reads. That finds a field that is read and not wanted.
func TestKeptAsByTheDynamicClient(t *testing.T) {
	managers := []string{"a", "w"}
	for _, kind := range []struct {
		name     string
		resource schema.GroupVersionResource
		wanted   wire.Fields
		strip    cache.TransformFunc
		object   func() (o any, meta *metav1.ObjectMeta)
	}{
		{"StatefulSet", statefulSets, nil, keeping(managers, stripWorkload), func() (any, *metav1.ObjectMeta) {
			o := &appsv1.StatefulSet{}
			return o, &o.ObjectMeta
		}},
		{"Job", jobs, wanted[jobs], stripWorkload, func() (any, *metav1.ObjectMeta) {
			o := &batchv1.Job{}
			return o, &o.ObjectMeta
		}},
		{"Service", services, wanted[services], strip, func() (any, *metav1.ObjectMeta) {
			o := &corev1.Service{}
			return o, &o.ObjectMeta
		}},
		{"ConfigMap", configMaps, wanted[configMaps], keeping(managers, strip), func() (any, *metav1.ObjectMeta) {
			o := &corev1.ConfigMap{}
			return o, &o.ObjectMeta
		}},
		{"PersistentVolumeClaim", claims, wanted[claims], stripPlain, func() (any, *metav1.ObjectMeta) {
			o := &corev1.PersistentVolumeClaim{}
			return o, &o.ObjectMeta
		}},
		{"EndpointSlice", endpointSlices, wanted[endpointSlices], stripEndpoints, func() (any, *metav1.ObjectMeta) {
			o := &discoveryv1.EndpointSlice{}
			return o, &o.ObjectMeta
		}},
		{"Node", nodes, wanted[nodes], stripNode, func() (any, *metav1.ObjectMeta) {
			o := &corev1.Node{}
			return o, &o.ObjectMeta
		}},
		{"Pod", pods, wanted[pods], stripOwnPod(owner), func() (any, *metav1.ObjectMeta) {
			o := &corev1.Pod{}
			return o, &o.ObjectMeta
		}},
		{"Pod", pods, wantedOfForeign, stripPod(owner), func() (any, *metav1.ObjectMeta) {
			o := &corev1.Pod{}
			return o, &o.ObjectMeta
		}},
	} {
		for seed := range uint64(8) {
			a := anyObject{rand.New(rand.NewPCG(seed, 10))}
			var items, events []string
			for i := range 20 {
				o, meta := kind.object()
				a.fill(reflect.ValueOf(o).Elem(), 12)
				a.metadata(meta, i)
				a.started(o)
				text, err := json.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				items = append(items, string(text))
				version := kind.resource.GroupVersion().String()
				events = append(events, fmt.Sprintf(`{"type":"ADDED","object":{"kind":%q,"apiVersion":%q,%s}`+"\n",
					kind.name, version, text[1:]))
			}
			page := fmt.Appendf(nil, `{"kind":"%sList","apiVersion":%q,"metadata":{},"items":[%s]}`,
				kind.name, kind.resource.GroupVersion(), strings.Join(items, ","))
			config, h := &rest.Config{Host: "http://server.invalid"}, &http.Client{Transport: onePage(page)}
			old, err := dynamic.NewForConfigAndClient(config, h)
			if err != nil {
				t.Fatal(err)
			}
			want, err := oldList(t.Context(), old.Resource(kind.resource), kind.strip)
			if err != nil {
				t.Fatal(err)
			}
			spec := informerSpec{resource: kind.resource, wanted: kind.wanted, strip: kind.strip}
			list, err := spec.list(t.Context(), wire.NewClient(config, h).Resource(kind.resource, "", kind.wanted),
				metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			h = &http.Client{Transport: onePage(strings.Join(events, ""))}
			watch, err := wire.NewClient(config, h).Resource(kind.resource, "", kind.wanted).
				Watch(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer watch.Stop()
			for i, item := range list.(*metav1.List).Items {
				sameKept(t, fmt.Sprintf("%s %d of seed %d, listed", kind.name, i, seed), want[i], item.Object)
				event := <-watch.ResultChan()
				told, err := kind.strip(event.Object)
				if err != nil {
					t.Fatal(err)
				}
				sameKept(t, fmt.Sprintf("%s %d of seed %d, watched", kind.name, i, seed), want[i], told)
			}
		}
	}
}

// TestSharedPartsAsByTheDynamicClient: of objects that have most of their text in common, of which a list makes one
// copy, each with the part of another one now and then, a list keeps the intents and contents of the whole objects.
func TestSharedPartsAsByTheDynamicClient(t *testing.T) {
	const total = 300
	pages := pagesOf(t, "statefulset", "StatefulSet", "apps/v1", total)
	for i, page := range pages.lists {
		text := string(page)
		for n := 0; n < total; n += 7 {
			text = strings.Replace(text, fmt.Sprintf(`"name":"m-%05d","ports":[{"containerPort":5000`, n),
				fmt.Sprintf(`"name":"m-%05d","ports":[{"containerPort":%d`, n, 5000+n%5), 1)
		}
		pages.lists[i] = []byte(text)
	}
	config, h := &rest.Config{Host: "http://server.invalid"}, &http.Client{Transport: pages}
	old, err := dynamic.NewForConfigAndClient(config, h)
	if err != nil {
		t.Fatal(err)
	}
	want, err := oldList(t.Context(), old.Resource(statefulSets), stripWorkload)
	if err != nil {
		t.Fatal(err)
	}
	spec := informerSpec{resource: statefulSets, strip: stripWorkload}
	got, err := spec.list(t.Context(), wire.NewClient(config, h).Resource(statefulSets, "", nil), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	intents := map[mirror.Intent]bool{}
	for i, item := range got.(*metav1.List).Items {
		sameKept(t, fmt.Sprintf("object %d", i), want[i], item.Object)
		intent, known := item.Object.(*mirror.Object).Fulfils()
		if intents[intent] = true; !known {
			t.Fatalf("object %d: its intent is not known", i)
		}
	}
	if len(intents) != total {
		t.Errorf("%d objects have %d intents", total, len(intents))
	}
}

// sameKept compares what is kept of one object.
func sameKept(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, everything); d != "" {
		t.Fatalf("%s (-dynamic client +wire):\n%s", what, d)
	}
	w, ok := want.(*mirror.Object)
	if !ok {
		return
	}
	wantWhole, ok1 := w.Complete(cluster.FieldManager)
	gotWhole, ok2 := got.(*mirror.Object).Complete(cluster.FieldManager)
	if ok1 != ok2 {
		t.Fatalf("%s: its content is kept: %v, not %v", what, ok2, ok1)
	}
	if ok1 {
		if d := cmp.Diff(wantWhole.Object, gotWhole.Object); d != "" {
			t.Fatalf("%s (-dynamic client +wire):\n%s", what, d)
		}
	}
}

// answers are those of a server to one request after the other.
type answers []struct {
	code int
	body string
}

// RoundTrip returns the next answer.
func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	next := (*a)[0]
	*a = (*a)[1:]
	return &http.Response{
		StatusCode: next.code, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(next.body)),
	}, nil
}

// TestListThatFails: a list of which a page is missing is an error as the server has sent it, and no part of a list.
func TestListThatFails(t *testing.T) {
	const (
		first = `{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"a"},"items":[{"metadata":{"name":"a"}}]}`
		last  = `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"b"}}]}`
		gone  = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"message":"too old"}`
	)
	for _, tt := range []struct {
		name    string
		answers answers
		want    func(error) bool
	}{
		{"whole", answers{{200, first}, {200, last}}, func(err error) bool { return err == nil }},
		{"expired", answers{{200, first}, {410, gone}}, apierrors.IsResourceExpired},
		{"forbidden", answers{{403, ""}}, apierrors.IsForbidden},
		{"ends early", answers{{200, first}, {200, last[:len(last)-20]}}, func(err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF)
		}},
		{"an error with another code", answers{{200, first}, {200, gone}}, func(err error) bool { return err != nil }},
	} {
		client := wire.NewClient(&rest.Config{Host: "http://server.invalid"}, &http.Client{Transport: &tt.answers})
		spec := informerSpec{resource: pods, wanted: wantedOfForeign, strip: stripPod(owner)}
		list, err := spec.list(t.Context(), client.Resource(pods, "", spec.wanted), metav1.ListOptions{})
		if !tt.want(err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got, ok := list.(*metav1.List); err == nil && (!ok || len(got.Items) != 2) || err != nil && list != nil {
			t.Errorf("%s: %v", tt.name, list)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

const owner = "test"

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u.Object
}

// managed returns a live object with labels, and managed fields as a server writes them.
func managed(labels map[string]string, fields ...metav1.ManagedFieldsEntry) *unstructured.Unstructured {
	u := &unstructured.Unstructured{
		Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": "b"}},
	}
	u.SetName("x")
	u.SetNamespace("n")
	u.SetLabels(labels)
	u.SetManagedFields(fields)
	return u
}

func entry(manager string, operation metav1.ManagedFieldsOperationType, raw string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager:    manager,
		Operation:  operation,
		APIVersion: "v1",
		FieldsType: "FieldsV1",
		FieldsV1:   &metav1.FieldsV1{Raw: []byte(raw)},
	}
}

const labelFields = `{"f:metadata":{"f:labels":{"f:syncer.dev/cluster":{}}}}`

var ourLabels = map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner}

func TestAppliedByUsSurvivesSlim(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fields []metav1.ManagedFieldsEntry
		want   bool
	}{
		{
			"applied",
			[]metav1.ManagedFieldsEntry{entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, labelFields)},
			true,
		},
		{
			"applied, and edited",
			[]metav1.ManagedFieldsEntry{
				entry("kubectl", metav1.ManagedFieldsOperationUpdate, `{"f:data":{"f:a":{}}}`),
				entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, labelFields),
			},
			true,
		},
		{"no manager", nil, false},
		{
			"another client",
			[]metav1.ManagedFieldsEntry{entry("kubectl", metav1.ManagedFieldsOperationApply, labelFields)},
			false,
		},
		{
			"by our name, but not applied",
			[]metav1.ManagedFieldsEntry{entry(cluster.FieldManager, metav1.ManagedFieldsOperationUpdate, labelFields)},
			false,
		},
		{
			"applied without the label",
			[]metav1.ManagedFieldsEntry{
				entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, `{"f:data":{"f:a":{}}}`),
			},
			false,
		},
		{
			"applied with a label that is longer",
			[]metav1.ManagedFieldsEntry{
				entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply,
					`{"f:metadata":{"f:labels":{"f:syncer.dev/cluster-2":{}}}}`),
			},
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := managed(ourLabels, tt.fields...)
			if got := mirror.AppliedByUs(u); got != tt.want {
				t.Fatalf("%v", got)
			}
			var o any = u
			for range 2 { // an informer may pass an object through its transform twice
				var err error
				if o, err = strip(o); err != nil {
					t.Fatal(err)
				}
				if got := o.(*mirror.Object).Mine(); got != tt.want {
					t.Errorf("stripped: %v", got)
				}
			}
			kept := o.(*mirror.Object).Unstructured(cluster.FieldManager)
			if got := mirror.AppliedByUs(kept); got != tt.want {
				t.Errorf("as an object: %v", got)
			}
			if _, ok := kept.Object["data"]; ok {
				t.Error("it keeps the data")
			}
		})
	}
	if o, err := strip("something else"); o != "something else" || err != nil {
		t.Errorf("%v, %v", o, err)
	}
}

func TestSameNode(t *testing.T) {
	node := func(text string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: parse(t, "apiVersion: v1\nkind: Node\n"+text)}
	}
	before := node(`
metadata: {name: node-1, labels: {a: b}}
status:
  allocatable: {nvidia.com/gpu: '1'}
  conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-01-01T00:00:01Z'}]`)
	for _, tt := range []struct {
		name, after string
		want        bool
	}{
		{
			"heartbeat",
			`
metadata: {name: node-1, labels: {a: b}, resourceVersion: '2'}
status:
  allocatable: {nvidia.com/gpu: '1'}
  conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-01-01T00:00:02Z'}]`,
			true,
		},
		{
			"not ready",
			`
metadata: {name: node-1, labels: {a: b}}
status:
  allocatable: {nvidia.com/gpu: '1'}
  conditions: [{type: Ready, status: Unknown}]`,
			false,
		},
		{
			"no GPUs",
			`
metadata: {name: node-1, labels: {a: b}}
status:
  conditions: [{type: Ready, status: 'True'}]`,
			false,
		},
		{
			"label",
			`
metadata: {name: node-1, labels: {a: c}}
status:
  allocatable: {nvidia.com/gpu: '1'}
  conditions: [{type: Ready, status: 'True'}]`,
			false,
		},
	} {
		if got := keptOf(t, stripNode, before).Same(keptOf(t, stripNode, node(tt.after))); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// keptOf returns what a transformation of an informer keeps of an object.
func keptOf(t *testing.T, strip cache.TransformFunc, u *unstructured.Unstructured) *mirror.Object {
	t.Helper()
	o, err := strip(u.DeepCopy())
	if err != nil {
		t.Fatal(err)
	}
	return o.(*mirror.Object)
}

func TestPodsThatComeWithTheirNode(t *testing.T) {
	for _, tt := range []struct {
		metadata string
		want     bool
	}{
		{"{name: a}", false},
		{"{name: a, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: '1'}]}", false},
		{"{name: a, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: d, uid: '1'}]}", true},
		{"{name: a, ownerReferences: [{apiVersion: v1, kind: Node, name: node-1, uid: '1'}]}", true},
		{"{name: a, annotations: {kubernetes.io/config.mirror: x}}", true},
	} {
		u := &unstructured.Unstructured{Object: parse(t, `apiVersion: v1
kind: Pod
metadata: `+tt.metadata+`
spec: {nodeName: node-1, containers: [{resources: {limits: {nvidia.com/gpu: '2'}}}]}
`)}
		var o any = u
		for range 2 { // informers may ask twice
			var err error
			if o, err = stripPod(owner)(o); err != nil {
				t.Fatal(err)
			}
			if p := o.(*unmanagedPod); p.daemon != tt.want || p.gpus != 2 || p.node != "node-1" || !hasGPUs(p) {
				t.Errorf("%s: %+v", tt.metadata, p)
			}
		}
	}
}

// TestLiveObjectKeepsTheMetadata: what the writing side reads of a live object is as the server has sent it.
func TestLiveObjectKeepsTheMetadata(t *testing.T) {
	u := &unstructured.Unstructured{Object: parse(t, `
apiVersion: v1
kind: Service
metadata:
  name: phi
  namespace: default
  uid: u1
  resourceVersion: '7'
  generation: 3
  labels: {a: b, app.kubernetes.io/managed-by: syncer, "": empty}
  annotations: {note: "two\nlines = 2", other: ""}
  finalizers: [example.com/a, example.com/b]
  ownerReferences: [{apiVersion: v1, kind: Node, name: n, uid: '1'}]
  deletionTimestamp: '2026-01-02T03:04:05Z'
spec: {clusterIP: None}
`)}
	got := keptOf(t, strip, u).Unstructured(cluster.FieldManager)
	for what, pair := range map[string][2]any{
		"kind":        {u.GroupVersionKind(), got.GroupVersionKind()},
		"name":        {u.GetNamespace() + u.GetName(), got.GetNamespace() + got.GetName()},
		"uid":         {u.GetUID(), got.GetUID()},
		"version":     {u.GetResourceVersion(), got.GetResourceVersion()},
		"generation":  {u.GetGeneration(), got.GetGeneration()},
		"labels":      {u.GetLabels(), got.GetLabels()},
		"annotations": {u.GetAnnotations(), got.GetAnnotations()},
		"finalizers":  {u.GetFinalizers(), got.GetFinalizers()},
		"owners":      {u.GetOwnerReferences(), got.GetOwnerReferences()},
		"deletion":    {u.GetDeletionTimestamp().UTC(), got.GetDeletionTimestamp().UTC()},
	} {
		if d := cmp.Diff(pair[0], pair[1]); d != "" {
			t.Errorf("%s (-sent +kept):\n%s", what, d)
		}
	}
}

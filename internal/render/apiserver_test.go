// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/testenv"
)

// resources are where objects of a kind are found.
var resources = map[string]schema.GroupVersionResource{
	"ConfigMap":   {Version: "v1", Resource: "configmaps"},
	"Service":     {Version: "v1", Resource: "services"},
	"StatefulSet": {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"Job":         {Group: "batch", Version: "v1", Resource: "jobs"},
}

// TestAPIServerAccepts: a real API server takes every object of every golden file, keeps every field of it, and a
// second apply of the same changes nothing.
func TestAPIServerAccepts(t *testing.T) {
	cluster := testenv.StartCluster(t)
	config, err := clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = -1, 0
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	team := &unstructured.Unstructured{
		Object: memo.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": memo.Object{"name": "team"}},
	}
	if _, err := namespaces.Create(t.Context(), team, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, pattern := range []string{"*.yaml", "presets/*.yaml"} {
		found, err := filepath.Glob(filepath.Join("testdata", "golden", pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split(strings.TrimPrefix(string(data), "---\n"), "\n---\n") {
			u := &unstructured.Unstructured{}
			text, err := yaml.YAMLToJSON([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if err := u.UnmarshalJSON(text); err != nil {
				t.Fatal(err)
			}
			roundTrip(t, client, file, u)
		}
	}
}

func roundTrip(t *testing.T, client dynamic.Interface, file string, u *unstructured.Unstructured) {
	t.Helper()
	name := file + ": " + u.GetKind() + " " + u.GetName()
	where := client.Resource(resources[u.GetKind()]).Namespace(u.GetNamespace())
	apply := func(o *unstructured.Unstructured) *unstructured.Unstructured {
		t.Helper()
		body, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		force := true
		out, err := where.Patch(context.Background(), o.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{
			FieldManager: "syncer", Force: &force, FieldValidation: metav1.FieldValidationStrict,
			DryRun: []string{metav1.DryRunAll},
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		return out
	}
	defaulted := apply(u)
	if defaulted == nil {
		return
	}
	if lost := missing(u.Object, defaulted.Object, ""); lost != "" {
		t.Errorf("%s: %s did not come back as it was", name, lost)
	}
	again := defaulted.DeepCopy()
	for _, field := range []string{"managedFields", "uid", "creationTimestamp", "generation", "resourceVersion"} {
		unstructured.RemoveNestedField(again.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(again.Object, "status")
	// The server chooses these fields again in each dry run, so they cannot be compared.
	generated := [][]string{{"spec", "clusterIP"}, {"spec", "clusterIPs"}}
	if u.GetKind() == "Service" && u.Object["spec"].(memo.Object)["clusterIP"] == nil {
		for _, path := range generated {
			unstructured.RemoveNestedField(again.Object, path...)
		}
	}
	if u.GetKind() == "Job" { // labels and the selector hold the uid
		unstructured.RemoveNestedField(again.Object, "spec", "selector")
		for _, label := range []string{
			"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name",
		} {
			unstructured.RemoveNestedField(again.Object, "spec", "template", "metadata", "labels", label)
			unstructured.RemoveNestedField(again.Object, "metadata", "labels", label)
		}
	}
	second := apply(again)
	if second == nil {
		return
	}
	if lost := missing(again.Object, second.Object, ""); lost != "" {
		t.Errorf("%s: applied again, %s is not as it was", name, lost)
	}
}

// missing returns the path of the first value that is in want and not the same in got; "" when there is none.
func missing(want, got any, path string) string {
	switch w := want.(type) {
	case memo.Object:
		g, ok := got.(memo.Object)
		if !ok {
			return path
		}
		for key, v := range w {
			if lost := missing(v, g[key], path+"."+key); lost != "" {
				return lost
			}
		}
	case memo.List:
		g, ok := got.(memo.List)
		if !ok || len(g) != len(w) {
			return path
		}
		for i := range w {
			if lost := missing(w[i], g[i], path+"[]"); lost != "" {
				return lost
			}
		}
	default:
		if !reflect.DeepEqual(want, got) {
			return path
		}
	}
	return ""
}

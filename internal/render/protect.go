package render

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"syncer.dev/syncer/internal/cluster"
)

// keptFields are the fields that a patch must leave alone: by them an object is found again, or they are for the Workspace to say.
var keptFields = [][]string{
	{"apiVersion"},
	{"kind"},
	{"metadata", "name"},
	{"metadata", "namespace"},
	{"metadata", "ownerReferences"},
	{"metadata", "finalizers"},
	{"spec", "selector"},
	{"spec", "serviceName"},
	{"spec", "replicas"},
	{"spec", "suspend"},
	{"status"},
}

// keptLabels are those that a patch must leave alone, on objects and on pods.
var keptLabels = []string{cluster.LabelManagedBy, cluster.LabelCluster, cluster.LabelWorkspace, labelSet}

// forbidden returns what a patch changed although it may not, or "".
func forbidden(before, after []*unstructured.Unstructured) string {
	if len(before) != len(after) {
		return "which objects there are"
	}
	for i, o := range before {
		if o.GetKind() != after[i].GetKind() {
			return "which objects there are"
		}
		who := o.GetKind() + " " + o.GetName() + ": "
		paths := slices.Clone(keptFields)
		for _, label := range keptLabels {
			paths = append(paths, []string{"metadata", "labels", label}, []string{"spec", "template", "metadata", "labels", label})
		}
		for _, path := range paths {
			a, inA, errA := unstructured.NestedFieldNoCopy(o.Object, path...)
			b, inB, errB := unstructured.NestedFieldNoCopy(after[i].Object, path...)
			if inA != inB || (errA == nil) != (errB == nil) || !reflect.DeepEqual(a, b) {
				return who + strings.Join(path, ".")
			}
		}
		for key, value := range after[i].GetAnnotations() {
			if strings.HasPrefix(key, "syncer.dev/") && o.GetAnnotations()[key] != value {
				return who + "metadata.annotations." + key
			}
		}
	}
	return ""
}

// stillKnown refuses fields that Kubernetes does not have, if there were none before.
func stillKnown(before, after []*unstructured.Unstructured) error {
	for i, o := range after {
		typed := typeOf(o.GetKind())
		if typed == nil {
			continue
		}
		if strictly(before[i], typed()) != nil {
			continue
		}
		if err := strictly(o, typed()); err != nil {
			return fmt.Errorf("%s %s would be invalid: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}

// strictly decodes an object into its type; an unknown field or a wrong type is an error that names it.
func strictly(o *unstructured.Unstructured, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true)
}

// typeOf returns what makes an empty object of a kind that is rendered, or nil for a kind that only a user's preset brings.
func typeOf(kind string) func() any {
	switch kind {
	case "ConfigMap":
		return func() any { return &corev1.ConfigMap{} }
	case "Service":
		return func() any { return &corev1.Service{} }
	case "StatefulSet":
		return func() any { return &appsv1.StatefulSet{} }
	case "Job":
		return func() any { return &batchv1.Job{} }
	}
	return nil
}

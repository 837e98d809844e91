// SPDX-License-Identifier: Apache-2.0

package judge

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
	"syncer.dev/syncer/internal/wellknown"
)

// protectedFields are the fields that a patch must not change: they identify an object, or the Workspace sets them.
var protectedFields = [][]string{
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

// protectedLabels are the labels that a patch must not change, on objects and on pods.
var protectedLabels = []string{
	cluster.LabelManagedBy, cluster.LabelCluster, cluster.LabelWorkspace, wellknown.LabelInferenceSet,
}

// ProtectedChange names a protected field that a patch changed, or is "".
func ProtectedChange(before, after []*unstructured.Unstructured) string {
	if len(before) != len(after) {
		return "the set of objects"
	}
	for i, o := range before {
		if o.GetKind() != after[i].GetKind() {
			return "the set of objects"
		}
		object := o.GetKind() + " " + o.GetName() + ": "
		paths := slices.Clone(protectedFields)
		for _, label := range protectedLabels {
			paths = append(
				paths,
				[]string{"metadata", "labels", label},
				[]string{"spec", "template", "metadata", "labels", label},
			)
		}
		for _, path := range paths {
			a, inA, errA := unstructured.NestedFieldNoCopy(o.Object, path...)
			b, inB, errB := unstructured.NestedFieldNoCopy(after[i].Object, path...)
			if inA != inB || (errA == nil) != (errB == nil) || !reflect.DeepEqual(a, b) {
				return object + strings.Join(path, ".")
			}
		}
		for key, value := range after[i].GetAnnotations() {
			if strings.HasPrefix(key, wellknown.PrefixSyncer) && o.GetAnnotations()[key] != value {
				return object + "metadata.annotations." + key
			}
		}
	}
	return ""
}

// CheckSchema refuses unknown fields and wrong types in objects that had none before the patch.
func CheckSchema(before, after []*unstructured.Unstructured) error {
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

// strictly decodes an object into its type. An unknown field or a wrong type is an error with its name.
func strictly(o *unstructured.Unstructured, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true)
}

// typeOf returns the constructor of a kind's Go type, or nil for a kind that only users' presets contain.
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

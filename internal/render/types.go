package render

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

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

// SPDX-License-Identifier: Apache-2.0

// Package plainobject checks plain objects of a repository, such as ConfigMaps and volume claims, as strictly as the
// API server does.
package plainobject

import (
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// kubernetes knows the kinds of Kubernetes itself that a repository may hold. The API server refuses objects of them
// that do not fit their types.
var kubernetes = sync.OnceValues(func() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme,
		policyv1.AddToScheme, rbacv1.AddToScheme, schedulingv1.AddToScheme, storagev1.AddToScheme,
	} {
		if err := add(s); err != nil {
			return nil, err
		}
	}
	return s, nil
})

// anyObject is what is known of the objects of a custom resource.
type anyObject struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
}

// Check returns where a plain object does not have the shape of its kind: fields that do not exist, values of another
// type, and values that the API server refuses. Of a kind that is not one of Kubernetes itself, only the metadata is
// checked.
func Check(n *yaml.Node, apiVersion, kind string) []diag.Diagnostic {
	group, version, grouped := strings.Cut(apiVersion, "/")
	if !grouped {
		group, version = "", group
	}
	kinds, err := kubernetes()
	if err != nil {
		return []diag.Diagnostic{diag.Errorf(diag.UnknownKind, "the types of Kubernetes cannot be used: %v", err)}
	}
	if typed, err := kinds.New(schema.GroupVersionKind{Group: group, Version: version, Kind: kind}); err == nil {
		out := append(strictyaml.Check(n, typed), misnamed(n, apiVersion, kind)...)
		if len(out) == 0 {
			out = refusedValues(n, apiVersion, kind)
		}
		return out
	}
	metadata := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	for key, value := range strictyaml.Pairs(n) {
		if key.Value == "metadata" {
			metadata.Content = append(metadata.Content, key, value)
		}
	}
	return append(strictyaml.Check(metadata, &anyObject{}), misnamed(n, apiVersion, kind)...)
}

// misnamed returns the names, labels and keys of a plain object that the API server refuses.
func misnamed(n *yaml.Node, apiVersion, kind string) []diag.Diagnostic {
	var out []diag.Diagnostic
	fail := func(at *yaml.Node, reason diag.Reason, field string, why []string) {
		if len(why) > 0 {
			text, _, _ := strings.Cut(why[0], ", regex used for") // the example says as much
			if strings.Contains(text, "(e.g.") {
				text += ")"
			}
			out = append(out, diag.Errorf(reason, "%s", text).On(field).At(at.Line, at.Column))
		}
	}
	metadata := strictyaml.Field(n, "metadata")
	if metadata == nil {
		return nil
	}
	if name := strictyaml.Field(metadata, "name"); name != nil && name.Kind == yaml.ScalarNode && name.Value != "" {
		fail(name, diag.InvalidName, "metadata.name", validation.IsDNS1123Subdomain(name.Value))
	}
	if labels := strictyaml.Field(metadata, "labels"); labels != nil {
		for key, value := range strictyaml.Pairs(labels) {
			field := "metadata.labels." + key.Value
			fail(key, diag.InvalidLabel, field, validation.IsQualifiedName(key.Value))
			if value.Kind == yaml.ScalarNode {
				fail(value, diag.InvalidLabel, field, validation.IsValidLabelValue(strictyaml.Text(value)))
			}
		}
	}
	if annotations := strictyaml.Field(metadata, "annotations"); annotations != nil {
		for key := range strictyaml.Pairs(annotations) {
			field := "metadata.annotations." + key.Value
			fail(key, diag.InvalidLabel, field, validation.IsQualifiedName(strings.ToLower(key.Value)))
		}
	}
	if apiVersion == "v1" && (kind == "ConfigMap" || kind == "Secret") {
		for _, part := range []string{"data", "binaryData", "stringData"} {
			if data := strictyaml.Field(n, part); data != nil {
				for key := range strictyaml.Pairs(data) {
					fail(key, diag.InvalidName, part+"."+key.Value, validation.IsConfigMapKey(key.Value))
				}
			}
		}
	}
	return out
}

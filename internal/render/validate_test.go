// SPDX-License-Identifier: Apache-2.0

package render

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
)

// validate decodes every object strictly into the type that Kubernetes has for it, and checks what the API server
// would refuse of it.
func validate(t testing.TB, b Bundle) {
	t.Helper()
	var template *corev1.PodTemplateSpec
	services := map[string]*corev1.Service{}
	for _, o := range b.Objects {
		for _, label := range []string{cluster.LabelManagedBy, cluster.LabelCluster} {
			if o.GetLabels()[label] == "" {
				t.Errorf("%s %s has no label %s", o.GetKind(), o.GetName(), label)
			}
		}
		if o.GetNamespace() != b.Workspace.Namespace {
			t.Errorf("%s %s is in namespace %q", o.GetKind(), o.GetName(), o.GetNamespace())
		}
		switch o.GetKind() {
		case "ConfigMap":
			strict(t, o, &corev1.ConfigMap{})
		case "Service":
			s := &corev1.Service{}
			strict(t, o, s)
			services[s.Name] = s
		case "StatefulSet":
			s := &appsv1.StatefulSet{}
			strict(t, o, s)
			template = &s.Spec.Template
			if services[s.Spec.ServiceName] == nil {
				t.Errorf("there is no Service %q for the StatefulSet", s.Spec.ServiceName)
			}
			selector, err := metav1.LabelSelectorAsSelector(s.Spec.Selector)
			if err != nil || selector.Empty() || !selector.Matches(labels.Set(template.Labels)) {
				t.Errorf("selector %v does not select the pods with %v", s.Spec.Selector, template.Labels)
			}
			for _, c := range s.Spec.VolumeClaimTemplates {
				template.Spec.Volumes = append(template.Spec.Volumes, corev1.Volume{Name: c.Name})
			}
		case "Job":
			j := &batchv1.Job{}
			strict(t, o, j)
			template = &j.Spec.Template
		default:
			t.Errorf("unexpected %s", o.GetKind())
		}
	}
	if template == nil {
		t.Fatal("nothing that runs")
		return
	}
	for key := range template.Annotations {
		if key != annotationConfig {
			t.Errorf("pods have the annotation %s", key)
		}
	}
	validatePod(t, &template.Spec)
}

func validatePod(t testing.TB, pod *corev1.PodSpec) {
	t.Helper()
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		if volumes[v.Name] || len(validation.IsDNS1123Label(v.Name)) > 0 {
			t.Errorf("volume name %q is invalid or used twice", v.Name)
		}
		volumes[v.Name] = true
	}
	names := map[string]bool{}
	used := map[string]bool{}
	for i, c := range append(append([]corev1.Container{}, pod.InitContainers...), pod.Containers...) {
		if names[c.Name] || len(validation.IsDNS1123Label(c.Name)) > 0 {
			t.Errorf("container name %q is invalid or used twice", c.Name)
		}
		names[c.Name] = true
		if c.Image == "" {
			t.Errorf("container %s has no image", c.Name)
		}
		paths := map[string]bool{}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] || paths[m.MountPath] {
				t.Errorf("container %s mounts %s at %s, which does not exist or is mounted twice", c.Name, m.Name, m.MountPath)
			}
			paths[m.MountPath], used[m.Name] = true, true
		}
		for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
			if p != nil && (p.HTTPGet == nil) == (p.Exec == nil) {
				t.Errorf("container %s has a probe of not exactly one kind: %+v", c.Name, p)
			}
		}
		if i < len(pod.InitContainers) && (c.RestartPolicy != nil) != (c.Name == "pusher") {
			t.Errorf("init container %s has restart policy %v", c.Name, c.RestartPolicy)
		}
	}
	for name := range volumes {
		if !used[name] {
			t.Errorf("volume %s is not mounted", name)
		}
	}
}

// strict decodes an object into the type that Kubernetes has for it; unknown fields are errors.
func strict(t testing.TB, o *unstructured.Unstructured, into any) {
	t.Helper()
	text, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"syncer.dev/syncer/internal/diag"
)

// pod is one pod spec of an object.
type pod struct {
	path     Path // of the spec
	spec     map[string]any
	metaPath Path // of the metadata beside the spec
	meta     map[string]any
}

// podsIn finds every pod spec of an object of any kind: the configuration may accept kinds that syncer does not
// know, and pod templates lie at different places in them. Every mapping with a field of a pod spec counts as one.
func podsIn(object map[string]any) []pod {
	var out []pod
	var walk func(v any, p Path, parent map[string]any) // siblings share the memory of p
	walk = func(v any, p Path, parent map[string]any) {
		switch v := v.(type) {
		case map[string]any:
			if isPodSpec(v) {
				found := pod{path: slices.Clone(p), spec: v, meta: mapping(parent["metadata"])}
				if len(p) > 0 {
					found.metaPath = p[:len(p)-1].with("metadata")
				}
				out = append(out, found)
			}
			for _, key := range nested(v) {
				walk(v[key], append(p, key), v)
			}
		case []any:
			for i, item := range v {
				if holdsFields(item) {
					walk(item, append(p, i), nil)
				}
			}
		}
	}
	walk(object, nil, nil)
	return out
}

// nested returns the sorted names of the fields that hold fields themselves: all others hold no pod spec.
func nested(m map[string]any) []string {
	var out []string
	for key, v := range m {
		if holdsFields(v) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// holdsFields reports whether a value is a mapping or a list.
func holdsFields(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// container is a container outside of the lists of a pod spec, as other projects have them: container, steps, sidecars.
type container struct {
	path   Path
	fields map[string]any
}

// containersIn finds every mapping outside of pod specs that looks like a container: with an image, or with a security
// context.
func containersIn(object map[string]any) []container {
	var out []container
	var walk func(v any, p Path) // siblings share the memory of p
	walk = func(v any, p Path) {
		switch v := v.(type) {
		case map[string]any:
			pod := isPodSpec(v)
			if !pod && (text(v["image"]) != "" || v["securityContext"] != nil) {
				out = append(out, container{slices.Clone(p), v})
			}
			for _, key := range nested(v) {
				if !pod || !slices.Contains(containerLists, key) {
					walk(v[key], append(p, key))
				}
			}
		case []any:
			for i, item := range v {
				if holdsFields(item) {
					walk(item, append(p, i))
				}
			}
		}
	}
	walk(object, nil)
	return out
}

var (
	containerLists = []string{"containers", "initContainers", "ephemeralContainers"}
	podLists       = append(slices.Clip(containerLists), "volumes")
)

// judgeContainer applies the lists, and the checks of baseline, to a container outside of a pod spec. What restricted
// asks for may be set elsewhere, in a way that only its project knows.
func (p Policy) judgeContainer(c container) []Finding {
	out := p.judgeSecrets(c.fields, c.path)
	if p.level() == Privileged {
		return out
	}
	alone := map[string]any{"name": cmp.Or(text(c.fields["name"]), "container")}
	for _, field := range []string{"securityContext", "ports"} {
		if c.fields[field] != nil {
			alone[field] = c.fields[field]
		}
	}
	one := pod{spec: map[string]any{"containers": []any{alone}}}
	spec, err := one.decode()
	if err != nil {
		return append(out, Finding{
			Reason:  diag.PodNotAllowed,
			Path:    c.path,
			Message: fmt.Sprintf("is not a container that policy.pods.level %s can judge: %v", p.level(), err),
			Hint:    "correct the types of its fields",
		})
	}
	for _, f := range p.judgeSecurity(one, spec, checksOf(Baseline)) {
		f.Path, f.pod = c.path.with(f.Path[min(len(f.Path), 2):]...), nil
		out = append(out, f)
	}
	return out
}

// isPodSpec reports whether a mapping has a field that only pod specs have. Fields of these names but of another shape
// belong to something else.
func isPodSpec(m map[string]any) bool {
	for _, field := range podLists {
		for _, item := range list(m[field]) {
			if mapping(item) != nil {
				return true
			}
		}
	}
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC", "hostUsers"} {
		if _, given := m[field].(bool); given {
			return true
		}
	}
	return text(m["serviceAccountName"]) != "" || text(m["nodeName"]) != ""
}

// judgePod applies the level and the lists to one pod spec.
func (p Policy) judgePod(pod pod) []Finding {
	out := append(p.judgeSecrets(pod.spec, pod.path), p.judgeServiceAccount(pod)...)
	if p.level() == Privileged {
		return out
	}
	if name := text(pod.spec["nodeName"]); name != "" {
		out = append(out, Finding{
			Reason:  diag.PodNotAllowed,
			Path:    pod.path.with("nodeName"),
			Message: fmt.Sprintf("binds the pod to a node, which policy.pods.level %s does not admit", p.level()),
			Hint:    "select nodes by labels: the scheduler then respects taints and free resources",
			pod:     pod.path,
		})
	}
	spec, err := pod.decode()
	if err != nil {
		return append(out, Finding{
			Reason:  diag.PodNotAllowed,
			Path:    pod.path,
			Message: fmt.Sprintf("is not a pod spec that policy.pods.level %s can judge: %v", p.level(), err),
			Hint:    "correct the types of its fields",
			pod:     pod.path,
		})
	}
	return append(out, p.judgeSecurity(pod, spec, checksOf(p.level()))...)
}

// decode returns the pod spec as Kubernetes' own type.
func (pod pod) decode() (*corev1.PodSpec, error) {
	var spec corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(pod.spec, &spec); err != nil {
		return nil, err
	}
	return &spec, nil
}

// annotations returns the metadata that the checks look at.
func (pod pod) annotations() *metav1.ObjectMeta {
	out := &metav1.ObjectMeta{Annotations: map[string]string{}}
	for key, value := range mapping(pod.meta["annotations"]) {
		out.Annotations[key] = text(value)
	}
	return out
}

func (p Policy) judgeServiceAccount(pod pod) []Finding {
	var out []Finding
	for _, field := range []string{"serviceAccountName", "serviceAccount"} {
		name := text(pod.spec[field])
		if name == "" || allows(p.ServiceAccounts, name) {
			continue
		}
		out = append(out, Finding{
			Reason:  diag.ServiceAccountNotAllowed,
			Path:    pod.path.with(field),
			Message: fmt.Sprintf("service account %q is not among policy.pods.serviceAccounts", name),
			Hint:    allowedHint(p.ServiceAccounts),
			pod:     pod.path,
		})
	}
	return out
}

func allowedHint(names []string) string {
	if len(names) == 0 {
		return "remove it: the configuration allows none"
	}
	return "allowed: " + strings.Join(names, ", ")
}

// secretFields are the fields that hold a reference to a Secret, in pod specs and in the volumes of drivers.
var secretFields = []string{"secretRef", "secretKeyRef", "nodePublishSecretRef", "nodeStageSecretRef"}

// judgeSecrets finds every name of a Secret below v, a pod spec or a service account.
func (p Policy) judgeSecrets(v map[string]any, at Path) []Finding {
	if p.Secrets == nil {
		return nil
	}
	var out []Finding
	refuse := func(name string, path Path) {
		if name == "" || allows(p.Secrets, name) {
			return
		}
		out = append(out, Finding{
			Reason:  diag.SecretNotAllowed,
			Path:    path,
			Message: fmt.Sprintf("Secret %q is not among policy.pods.secrets", name),
			Hint:    allowedHint(p.Secrets),
			pod:     at,
		})
	}
	var walk func(v any, path Path)
	walk = func(v any, path Path) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if !holdsFields(v[key]) && !strings.EqualFold(key, "secretName") {
					continue
				}
				below := path.with(key)
				switch {
				case slices.Contains(secretFields, key) || key == "secret":
					refuse(text(mapping(v[key])["name"]), below.with("name"))
				case strings.EqualFold(key, "secretName"):
					refuse(text(v[key]), below)
				case key == "imagePullSecrets" || key == "secrets":
					for i, item := range list(v[key]) {
						refuse(text(mapping(item)["name"]), below.with(i, "name"))
					}
				}
				walk(v[key], below)
			}
		case []any:
			for i, item := range v {
				walk(item, path.with(i))
			}
		}
	}
	walk(v, at)
	return out
}

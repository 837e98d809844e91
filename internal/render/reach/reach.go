// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Settings say how pods reach what they need. The zero value changes nothing.
type Settings struct {
	Registries  []Mirror
	HuggingFace string // URL of a mirror; "" for huggingface.co
	Proxy       Proxy
}

// Proxy is what the pods' HTTP clients use.
type Proxy struct {
	HTTP, HTTPS string   // URLs, without a password; "" for none
	No          []string // further hosts, domains and networks without a proxy
}

// inside is what pods reach without a proxy in any cluster. Networks of pods differ: Proxy.No has them.
var inside = []string{"localhost", "127.0.0.1", "::1", ".svc", ".cluster.local"}

// IsZero reports whether there is nothing to change.
func (s Settings) IsZero() bool {
	return len(s.Registries) == 0 && s.HuggingFace == "" && s.Proxy.HTTP == "" && s.Proxy.HTTPS == ""
}

// Apply returns the objects with the images, volumes and variables of their pods changed. Objects without pods are the
// same ones; those with pods are copies.
func (s Settings) Apply(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	if s.IsZero() {
		return objects
	}
	out := slices.Clone(objects)
	for i, o := range out {
		if at := podPath(o); at != nil {
			out[i] = o.DeepCopy()
			spec, _, _ := unstructured.NestedFieldNoCopy(out[i].Object, at...)
			s.pod(spec.(map[string]any))
		}
	}
	return out
}

// podPath returns where an object has the specification of its pods, or nil.
func podPath(o *unstructured.Unstructured) []string {
	for _, at := range [][]string{
		{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}, {"spec"},
	} {
		spec, _, _ := unstructured.NestedFieldNoCopy(o.Object, at...)
		if m, ok := spec.(map[string]any); ok && m["containers"] != nil {
			return at
		}
	}
	return nil
}

func (s Settings) pod(spec map[string]any) {
	for _, field := range []string{"initContainers", "containers"} {
		for _, c := range maps(spec[field]) {
			s.container(c)
		}
	}
	for _, v := range maps(spec["volumes"]) { // a volume may be the content of an image
		if image, ok := v["image"].(map[string]any); ok {
			s.rename(image, "reference")
		}
	}
}

func (s Settings) container(c map[string]any) {
	s.rename(c, "image")
	env := maps(c["env"])
	has := map[any]bool{}
	for _, v := range env {
		has[v["name"]] = true
		if v["name"] == VariableModelImage {
			s.rename(v, "value")
		}
	}
	list, _ := c["env"].([]any)
	for _, v := range s.variables() {
		if !has[v.name] { // what the Workspace says wins
			list = append(list, map[string]any{"name": v.name, "value": strings.ReplaceAll(v.value, "$", "$$")})
		}
	}
	if list != nil {
		c["env"] = list
	}
}

// VariableModelImage is the variable of a container that pulls a model out of an image.
const VariableModelImage = "MODEL_IMAGE"

func (s Settings) rename(in map[string]any, field string) {
	if name, ok := in[field].(string); ok {
		in[field] = s.Image(name)
	}
}

type variable struct{ name, value string }

// variables returns those of every container. Programs read a proxy in capitals, in small letters, or both.
func (s Settings) variables() []variable {
	var out []variable
	if s.HuggingFace != "" {
		out = append(out, variable{"HF_ENDPOINT", s.HuggingFace})
	}
	if s.Proxy.HTTP == "" && s.Proxy.HTTPS == "" {
		return out
	}
	for _, v := range []variable{
		{"HTTP_PROXY", s.Proxy.HTTP},
		{"HTTPS_PROXY", s.Proxy.HTTPS},
		{"NO_PROXY", strings.Join(slices.Concat(inside, s.Proxy.No), ",")},
	} {
		if v.value != "" {
			out = append(out, v, variable{strings.ToLower(v.name), v.value})
		}
	}
	return out
}

// maps returns the items of a list that are mappings.
func maps(list any) []map[string]any {
	items, _ := list.([]any)
	var out []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

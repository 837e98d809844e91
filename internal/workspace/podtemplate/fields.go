// SPDX-License-Identifier: Apache-2.0

package podtemplate

import "fmt"

// NodeSelector returns the labels that the node must have.
func NodeSelector(template map[string]any) map[string]string {
	out := map[string]string{}
	for key, v := range object(object(template, "spec"), "nodeSelector") {
		if s, ok := v.(string); ok {
			out[key] = s
		}
	}
	return out
}

// Reference is an object of the namespace without which the pods do not start.
type Reference struct {
	Kind  string // Secret or PersistentVolumeClaim
	Name  string
	Field string
}

// References lists the Secrets and volume claims that the template names, in the order of its fields. One that is
// optional is not listed.
func References(template map[string]any) []Reference {
	var out []Reference
	spec := object(template, "spec")
	refer := func(kind, field string, m map[string]any, key string) {
		if name := text(m, key); name != "" && m["optional"] != true {
			out = append(out, Reference{kind, name, field + "." + key})
		}
	}
	for i, s := range list(spec, "imagePullSecrets") {
		refer("Secret", fmt.Sprintf("spec.imagePullSecrets[%d]", i), s, "name")
	}
	for _, kind := range []string{"initContainers", "containers"} {
		for i, c := range list(spec, kind) {
			field := fmt.Sprintf("spec.%s[%d]", kind, i)
			for j, e := range list(c, "env") {
				ref := object(object(e, "valueFrom"), "secretKeyRef")
				refer("Secret", fmt.Sprintf("%s.env[%d].valueFrom.secretKeyRef", field, j), ref, "name")
			}
			for j, e := range list(c, "envFrom") {
				refer("Secret", fmt.Sprintf("%s.envFrom[%d].secretRef", field, j), object(e, "secretRef"), "name")
			}
		}
	}
	for i, v := range list(spec, "volumes") {
		field := fmt.Sprintf("spec.volumes[%d]", i)
		claim := object(v, "persistentVolumeClaim")
		refer("PersistentVolumeClaim", field+".persistentVolumeClaim", claim, "claimName")
		refer("Secret", field+".secret", object(v, "secret"), "secretName")
		for j, s := range list(object(v, "projected"), "sources") {
			refer("Secret", fmt.Sprintf("%s.projected.sources[%d].secret", field, j), object(s, "secret"), "name")
		}
	}
	return out
}

func object(m map[string]any, key string) map[string]any {
	out, _ := m[key].(map[string]any)
	return out
}

// list returns the objects of a list by their index; an item of another shape is nil.
func list(m map[string]any, key string) []map[string]any {
	items, _ := m[key].([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i], _ = item.(map[string]any)
	}
	return out
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

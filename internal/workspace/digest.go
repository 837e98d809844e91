package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
)

// digest is the SHA-256 of what the user asked for, in canonical form. JSON sorts the keys of maps.
func digest(w *Workspace, objects []Object) string {
	in := struct {
		Annotations map[string]string
		Resource    Resource
		Inference   *Inference
		Tuning      *Tuning
		Config      any
		Patch       any `json:",omitempty"`
	}{relevant(w.Annotations), w.Resource, w.Inference, w.Tuning, configMap(w, objects), w.Patch.content()}
	data, err := json.Marshal(in)
	if err != nil { // all values come from YAML, and have the types of JSON
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// relevant keeps the annotations that change what runs. Pausing a Workspace, or shielding it from deletion, does not make
// it another one.
func relevant(annotations map[string]string) map[string]string {
	out := maps.Clone(annotations)
	maps.DeleteFunc(out, func(k, _ string) bool {
		return k == AnnotationSuspend || k == AnnotationPrune || !strings.Contains(k, "kaito.sh/") && !strings.HasPrefix(k, "syncer.dev/")
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

// configMap returns the data of the ConfigMap that the Workspace names, when it is in the same repository.
func configMap(w *Workspace, objects []Object) any {
	name := ""
	switch {
	case w.Inference != nil:
		name = w.Inference.Config
	case w.Tuning != nil:
		name = w.Tuning.Config
	}
	if o := findConfigMap(objects, w.Namespace, name); o != nil {
		return o["data"]
	}
	return nil
}

// findConfigMap returns the content of a ConfigMap of the repository, or nil.
func findConfigMap(objects []Object, namespace, name string) map[string]any {
	if name == "" {
		return nil
	}
	for _, o := range objects {
		if meta, ok := o.Content["metadata"].(map[string]any); ok && o.Content["kind"] == "ConfigMap" && meta["name"] == name && meta["namespace"] == namespace {
			return o.Content
		}
	}
	return nil
}

// order is the sort key of a plain object.
func (o Object) order() string {
	meta, _ := o.Content["metadata"].(map[string]any)
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	return text(o.Content, "kind") + "\x00" + text(meta, "namespace") + "\x00" + text(meta, "name")
}

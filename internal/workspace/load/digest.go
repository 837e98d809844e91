// SPDX-License-Identifier: Apache-2.0

package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// digest is the SHA-256 of what the user asked for, in canonical form, with the data of the ConfigMap that it names.
// JSON sorts the keys of maps.
func digest(w *workspace.Workspace, config any) string {
	in := struct {
		Annotations map[string]string
		Resource    workspace.Resource
		Inference   *workspace.Inference
		Tuning      *workspace.Tuning
		Config      any
		Patch       any `json:",omitempty"`
	}{relevant(w.Annotations), w.Resource, w.Inference, w.Tuning, config, w.Patch.Canonical()}
	data, err := json.Marshal(in)
	if err != nil { // all values come from YAML, and have the types of JSON
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// relevant keeps the annotations that change what runs. Pausing a Workspace, shielding it from deletion, or another
// priority does not make it another one.
func relevant(annotations map[string]string) map[string]string {
	out := maps.Clone(annotations)
	maps.DeleteFunc(out, func(k, _ string) bool {
		return k == workspace.AnnotationMode || k == workspace.AnnotationNodes || k == workspace.AnnotationIgnore ||
			k == workspace.AnnotationSuspend || k == workspace.AnnotationPrune || k == workspace.AnnotationPriority ||
			!strings.Contains(k, wellknown.PrefixKAITO) && !strings.HasPrefix(k, wellknown.PrefixSyncer)
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

// configName returns the name of the ConfigMap that the Workspace names, or "".
func configName(w *workspace.Workspace) string {
	switch {
	case w.Inference != nil:
		return w.Inference.Config
	case w.Tuning != nil:
		return w.Tuning.Config
	}
	return ""
}

// order is the sort key of a plain object.
func order(o workspace.Object) string {
	meta, _ := o.Content["metadata"].(map[string]any)
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	return text(o.Content, "kind") + "\x00" + text(meta, "namespace") + "\x00" + text(meta, "name")
}

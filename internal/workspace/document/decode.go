// SPDX-License-Identifier: Apache-2.0

package document

import (
	"cmp"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
)

// Workspace decodes a Workspace, with the positions of its fields. It returns the valid fields even if others have
// errors, and the header as it is decoded.
func Workspace(n *yaml.Node) (workspace.Workspace, header.Header, []diag.Diagnostic) {
	var d document
	positions, errs := strictyaml.Decode(n, &d)
	w := d.workspace()
	w.Positions = positions
	return w, d.Metadata.header(d.APIVersion, d.Kind), suggestNew(errs)
}

// InferenceSet decodes an InferenceSet of that key, as Workspace does. The positions are those of its template.
func InferenceSet(n *yaml.Node, key workspace.Key) (workspace.InferenceSet, header.Header, []diag.Diagnostic) {
	var d setDocument
	positions, errs := strictyaml.Decode(n, &d)
	s := d.inferenceSet(key)
	s.Template.Positions = positions
	return s, d.Metadata.header(d.APIVersion, d.Kind), suggestNew(errs)
}

// suggestNew adds to errors what became of the field, where older files have it.
func suggestNew(errs []diag.Diagnostic) []diag.Diagnostic {
	for i, e := range errs {
		errs[i] = e.Suggest(cmp.Or(oldField(e.Field), e.Hint))
	}
	return errs
}

// oldField returns what became of a field that older files have, or "".
func oldField(field string) string {
	switch field {
	case "spec":
		return "move its content to the top level: a Workspace has no spec"
	case "resource.mig", "spec.template.resource.mig":
		return "write partition: {mode: mig, profile: ...}"
	case "inference.preset.modelAccessSecret", "spec.template.inference.preset.modelAccessSecret":
		return "move it into presetOptions"
	}
	return ""
}

// Ignored warns about the fields of a file dumped from a cluster, given the positions of all its fields.
func Ignored(positions strictyaml.Positions) []diag.Diagnostic {
	var out []diag.Diagnostic
	if _, ok := positions["status"]; ok {
		out = append(out, diag.Warningf(diag.IgnoredField, "is ignored in a file").On("status").Suggest("remove it"))
	}
	if field := serverSet(positions); field != "" {
		out = append(out,
			diag.Warningf(diag.IgnoredField, "is set by the API server, and is ignored").On(field).Suggest("remove it"))
	}
	return out
}

// serverSet returns the first metadata field that only the API server sets, or "".
func serverSet(positions strictyaml.Positions) string {
	for _, name := range []string{
		"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
		"managedFields", "ownerReferences", "finalizers", "selfLink", "generateName",
	} {
		if _, ok := positions["metadata."+name]; ok {
			return "metadata." + name
		}
	}
	return ""
}

// SPDX-License-Identifier: Apache-2.0

package load

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// DefaultInstanceType is the CRD's default in v1alpha1; v1beta1 has none.
const DefaultInstanceType = "Standard_NC24ads_A100_v4"

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

// reporter reports something about a field of one document, at the place where the field is written.
type reporter = func(diag.Diagnostic)

// unknownInAlpha warns about a field that only v1beta1 has.
func unknownInAlpha(field string) diag.Diagnostic {
	return diag.Warningf(diag.IgnoredField, "does not exist in v1alpha1, and is ignored").
		On(field).
		Suggest("use apiVersion " + workspace.V1beta1)
}

func inferencePreset(w *workspace.Workspace) *workspace.PresetSpec {
	if w.Inference == nil {
		return nil
	}
	return w.Inference.Preset
}

func tuningPreset(w *workspace.Workspace) *workspace.PresetSpec {
	if w.Tuning == nil {
		return nil
	}
	return w.Tuning.Preset
}

// placed returns the positions to report: those in the output of a kustomization mean nothing to its author, and become
// the position of the folder.
func placed(positions strictyaml.Positions, at diag.Position, prefix string) strictyaml.Positions {
	if prefix != "" {
		for field := range positions {
			positions[field] = strictyaml.Position{Line: at.Line, Column: at.Column}
		}
	}
	return positions
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

// setDefaults takes the names of KAITO's own default ConfigMaps for no name: KAITO's samples give them, and syncer
// renders what is in them. A ConfigMap of such a name that is in the repository is the user's own.
func setDefaults(w *workspace.Workspace, own bool) {
	if t := w.Tuning; t != nil && t.Config == strings.ToLower(t.Method)+"-params-template" && !own {
		t.Config = ""
	}
	if in := w.Inference; in != nil && in.Config == workspace.DefaultInferenceConfig && !own {
		in.Config = ""
	}
}

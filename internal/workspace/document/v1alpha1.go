// SPDX-License-Identifier: Apache-2.0

package document

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// DefaultInstanceType is the CRD's default in v1alpha1; v1beta1 has none.
const DefaultInstanceType = "Standard_NC24ads_A100_v4"

// ApplyV1alpha1 makes of a Workspace what the CRD of v1alpha1 makes of it: the Workspace has a default size, and no
// field that only v1beta1 has. It warns about the fields that it takes away.
func ApplyV1alpha1(w *workspace.Workspace) []diag.Diagnostic {
	if w.Resource.InstanceType == "" {
		w.Resource.InstanceType = DefaultInstanceType
	}
	out := withoutPartition(w, "resource.partition")
	for field, p := range map[string]*workspace.PresetSpec{"inference": inferencePreset(w), "tuning": tuningPreset(w)} {
		if p != nil && p.Options.ModelAccessSecret != "" {
			p.Options.ModelAccessSecret = ""
			out = append(out, unknownInAlpha(field+".preset.presetOptions.modelAccessSecret"))
		}
	}
	return out
}

// ApplyV1alpha1ToSet is ApplyV1alpha1 for an InferenceSet, which has no default size.
func ApplyV1alpha1ToSet(s *workspace.InferenceSet) []diag.Diagnostic {
	return withoutPartition(&s.Template, "spec.template.resource.partition")
}

func withoutPartition(w *workspace.Workspace, field string) []diag.Diagnostic {
	if w.Resource.Partition == nil {
		return nil
	}
	w.Resource.Partition = nil
	return []diag.Diagnostic{unknownInAlpha(field)}
}

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

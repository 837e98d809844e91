// SPDX-License-Identifier: Apache-2.0

package workspace

import "syncer.dev/syncer/internal/wellknown"

// ModelImage is the image that holds the model, or "" to download the model from its publisher. As in KAITO, only the
// access mode private uses the image.
func (p *PresetSpec) ModelImage() string {
	if p.AccessMode == "private" {
		return p.Options.Image
	}
	return ""
}

// LocalWeights reports whether the model is served from a folder of the node: vLLM only.
func (w *Workspace) LocalWeights() bool {
	return w.Inference != nil && w.Annotations[wellknown.AnnotationLocalWeights] == "true" && !w.Transformers()
}

// PresetSpec is the model that the Workspace serves or tunes; nil for a pod template.
func (w *Workspace) PresetSpec() *PresetSpec {
	switch {
	case w.Tuning != nil && w.Tuning.Preset != nil:
		return w.Tuning.Preset
	case w.Inference != nil:
		return w.Inference.Preset
	}
	return nil
}

// Downloads reports whether pods fetch the model from its publisher: neither from an image nor from the node.
func (w *Workspace) Downloads() bool {
	p := w.PresetSpec()
	return p != nil && p.ModelImage() == "" && !w.LocalWeights()
}

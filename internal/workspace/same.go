// SPDX-License-Identifier: Apache-2.0

package workspace

import "reflect"

// Same reports whether two Workspaces are equal. Two of one decoding share the map of their positions, which is quick
// to see: they differ at most in what a ConfigMap or a patch beside them changes.
func Same(a, b *Workspace) bool {
	if a == b {
		return true
	}
	if a.Key != b.Key || a.Digest != b.Digest || a.Source != b.Source || a.InferenceSet != b.InferenceSet {
		return false
	}
	if len(a.Positions) > 0 && reflect.ValueOf(a.Positions).Pointer() == reflect.ValueOf(b.Positions).Pointer() &&
		a.Patch == b.Patch && configsOf(a) == configsOf(b) {
		return true
	}
	return reflect.DeepEqual(a, b)
}

// configsOf returns the names of ConfigMaps that loading may have filled in.
func configsOf(w *Workspace) (out [2]string) {
	if w.Inference != nil {
		out[0] = w.Inference.Config
	}
	if w.Tuning != nil {
		out[1] = w.Tuning.Config
	}
	return out
}

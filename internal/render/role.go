// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"
	"slices"

	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// addRole gives the pods the labels by which KAITO's users select pods of one role, and the server the variables of its
// role: the image then connects the caches of servers over NIXL, for which each needs its own address. As in KAITO,
// a role other than prefill and decode is a label only.
func (p *pod) addRole(w *workspace.Workspace) {
	p.labels = memo.Object{}
	for _, key := range workspace.PodLabels {
		p.labels[key] = memo.Placeholder{Value: memo.Omit{}}
		if v, ok := w.Labels[key]; ok {
			p.labels[key] = memo.Placeholder{Value: v}
		}
	}
	if role := w.Labels[wellknown.LabelInferenceRole]; slices.Contains(workspace.Roles, role) {
		p.env = append(p.env, variable("KAITO_INFERENCE_ROLE", role), memo.Object{
			"name":      "VLLM_NIXL_SIDE_CHANNEL_HOST",
			"valueFrom": memo.Object{"fieldRef": memo.Object{"fieldPath": "status.podIP"}},
		})
	}
}

// withRole returns the metadata of a pod template of the user's own with the labels of addRole.
func withRole(meta memo.Object, w *workspace.Workspace) memo.Object {
	labels := memo.Object{}
	users, _ := meta["labels"].(memo.Object)
	maps.Copy(labels, users)
	for _, key := range workspace.PodLabels {
		if v, ok := w.Labels[key]; ok {
			labels[key] = v
		}
	}
	if len(labels) == 0 {
		return meta
	}
	out := memo.Object{}
	maps.Copy(out, meta)
	out["labels"] = labels
	return out
}

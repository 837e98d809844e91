// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

func TestModelOf(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	pinned := preset.Preset{Repo: "team/m", Revision: commit}
	code := preset.Preset{Repo: "team/m", RunParameters: map[preset.Runtime]map[string]string{
		preset.VLLM: {"trust-remote-code": ""},
	}}
	served := func(annotations map[string]string, spec workspace.PresetSpec) *workspace.Workspace {
		return &workspace.Workspace{Annotations: annotations, Inference: &workspace.Inference{Preset: &spec}}
	}
	onNode := map[string]string{wellknown.AnnotationLocalWeights: "true"}
	image := workspace.PresetSpec{AccessMode: "private", Options: workspace.PresetOptions{Image: "example.azurecr.io/m:1"}}
	for name, tt := range map[string]struct {
		w    *workspace.Workspace
		p    preset.Preset
		want Model
	}{
		"pinned":   {served(nil, workspace.PresetSpec{}), pinned, Model{Repo: "team/m", Revision: commit}},
		"unpinned": {served(nil, workspace.PresetSpec{}), code, Model{Repo: "team/m", Revision: Unpinned, RemoteCode: true}},
		"other runtime": {
			served(map[string]string{workspace.AnnotationRuntime: "transformers"}, workspace.PresetSpec{}), code,
			Model{Repo: "team/m", Revision: Unpinned},
		},
		"tuned": {
			&workspace.Workspace{Tuning: &workspace.Tuning{Preset: &workspace.PresetSpec{}}}, pinned,
			Model{Repo: "team/m", Revision: commit},
		},
		"on the node": {served(onNode, workspace.PresetSpec{}), code, Model{Repo: "team/m", RemoteCode: true}},
		"an image":    {served(nil, image), pinned, Model{Repo: "team/m"}},
		"a template":  {&workspace.Workspace{Inference: &workspace.Inference{}}, preset.Preset{}, Model{}},
	} {
		if diff := cmp.Diff(tt.want, ModelOf(tt.w, tt.p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace/load"
)

func TestPatchBesideWorkspace(t *testing.T) {
	const chat = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: chat}
resource: {labelSelector: {matchLabels: {a: b}}}
inference: {preset: {name: phi-4}}
`
	const patch = "kind: StatefulSet\nspec: {template: {spec: {priorityClassName: high}}}\n"
	plain := loadFiles(t, map[string]string{"team/a.yaml": chat}, load.Options{}).Workspaces[0]
	set := loadFiles(t, map[string]string{"team/a.yaml": chat, "team/chat.patch.yaml": patch}, load.Options{})
	w := set.Workspaces[0]
	if len(set.Problems) > 0 || w.Patch == nil || w.Patch.Path != "team/chat.patch.yaml" || w.Patch.Text != patch {
		t.Fatalf("patch %+v, problems %v", w.Patch, set.Problems)
	}
	if w.Digest == plain.Digest {
		t.Error("the patch does not count")
	}
	same := loadFiles(t, map[string]string{
		"team/a.yaml":          chat,
		"team/chat.patch.yaml": "# why\n" + strings.Replace(patch, "spec: {t", "spec:  { t", 1),
	}, load.Options{}).Workspaces[0]
	if same.Digest != w.Digest {
		t.Error("a comment in the patch counts")
	}

	for name, files := range map[string]map[string]string{
		"in another folder": {"team/a.yaml": chat, "chat.patch.yaml": patch},
		"for no user":       {"team/a.yaml": chat, "team/chatt.patch.yaml": patch},
		"twice":             {"team/a.yaml": chat, "team/chat.patch.yaml": patch, "team/chat.patch.yml": patch},
		"too large":         {"team/a.yaml": chat, "team/chat.patch.yaml": patch + "#" + strings.Repeat("x", 1<<20)},
	} {
		set := loadFiles(t, files, load.Options{})
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Path, ".patch.y") || set.Problems[0].Line != 1 {
			t.Errorf("%s: problems %v", name, set.Problems)
		}
	}
	// In a folder that Kustomize builds, it is one of Kustomize's own patches.
	set = loadFiles(
		t,
		map[string]string{
			"prod/kustomization.yaml": "resources: [a.yaml]\n",
			"prod/a.yaml":             chat,
			"prod/chat.patch.yaml":    patch,
			"chat.patch.yaml":         patch,
		},
		load.Options{},
	)
	for _, w := range set.Workspaces {
		if w.Patch != nil {
			t.Errorf("%s has the patch %s", w.Key, w.Patch.Path)
		}
	}
	// An unreadable file may hold any Workspace.
	set = loadFiles(t, map[string]string{"a.yaml": "kind: [\n", "chat.patch.yaml": patch}, load.Options{})
	if len(set.Problems) != 1 {
		t.Errorf("problems %v", set.Problems)
	}
}

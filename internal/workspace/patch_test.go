package workspace_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func TestPatchBesideWorkspace(t *testing.T) {
	const chat = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: chat}\nresource: {labelSelector: {matchLabels: {a: b}}}\ninference: {preset: {name: phi-4}}\n"
	const patch = "kind: StatefulSet\nspec: {template: {spec: {priorityClassName: high}}}\n"
	plain := load(t, map[string]string{"team/a.yaml": chat}, workspace.Options{}).Workspaces[0]
	set := load(t, map[string]string{"team/a.yaml": chat, "team/chat.patch.yaml": patch}, workspace.Options{})
	w := set.Workspaces[0]
	if len(set.Problems) > 0 || w.Patch == nil || w.Patch.Path != "team/chat.patch.yaml" || w.Patch.Text != patch {
		t.Fatalf("patch %+v, problems %v", w.Patch, set.Problems)
	}
	if w.Digest == plain.Digest {
		t.Error("the patch does not count")
	}
	same := load(t, map[string]string{"team/a.yaml": chat, "team/chat.patch.yaml": "# why\n" + strings.Replace(patch, "spec: {t", "spec:  { t", 1)}, workspace.Options{}).Workspaces[0]
	if same.Digest != w.Digest {
		t.Error("a comment in the patch counts")
	}

	for name, files := range map[string]map[string]string{
		"in another folder": {"team/a.yaml": chat, "chat.patch.yaml": patch},
		"for nobody":        {"team/a.yaml": chat, "team/chatt.patch.yaml": patch},
		"twice":             {"team/a.yaml": chat, "team/chat.patch.yaml": patch, "team/chat.patch.yml": patch},
		"too large":         {"team/a.yaml": chat, "team/chat.patch.yaml": patch + "#" + strings.Repeat("x", 1<<20)},
	} {
		set := load(t, files, workspace.Options{})
		if len(set.Problems) != 1 || !strings.Contains(set.Problems[0].Path, ".patch.y") || set.Problems[0].Line != 1 {
			t.Errorf("%s: problems %v", name, set.Problems)
		}
	}
	// In a folder that Kustomize builds, it is one of Kustomize's own patches.
	set = load(t, map[string]string{"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/a.yaml": chat, "prod/chat.patch.yaml": patch, "chat.patch.yaml": patch}, workspace.Options{})
	for _, w := range set.Workspaces {
		if w.Patch != nil {
			t.Errorf("%s has the patch %s", w.Key, w.Patch.Path)
		}
	}
	// Of a file that cannot be read it is not known which Workspaces it holds.
	set = load(t, map[string]string{"a.yaml": "kind: [\n", "chat.patch.yaml": patch}, workspace.Options{})
	if len(set.Problems) != 1 {
		t.Errorf("problems %v", set.Problems)
	}
}

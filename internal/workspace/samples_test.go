package workspace_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

// TestSamples is about how people write files after KAITO's samples of several years.
func TestSamples(t *testing.T) {
	withConfig := strings.Replace(tuned, "  method: lora\n", "  method: QLoRA\n  config: qlora-params-template\n", 1)
	own := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: qlora-params-template}\ndata: {training_config.yaml: 'training_config: {QuantizationConfig: {load_in_8bit: true}}'}\n"
	closed := workspace.Env{ClosedWorld: true}
	set, problems := problemsOf(t, withConfig, closed)
	if problems != "" || set.Workspaces[0].Tuning.Config != "" {
		t.Errorf("the default ConfigMap: %q %s", set.Workspaces[0].Tuning.Config, problems)
	}
	if set, problems = problemsOf(t, withConfig+own, closed); problems != "" || set.Workspaces[0].Tuning.Config != "qlora-params-template" {
		t.Errorf("a ConfigMap of that name: %q %s", set.Workspaces[0].Tuning.Config, problems)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"inference default": {strings.Replace(served, "  preset:", "  config: inference-params-template\n  preset:", 1), ""},
		"in a spec":         {"apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: x}\nspec: {inference: {}}\n", "4:1: error: spec: unknown field \"spec\" (a Workspace has no spec"},
		"mig":               {strings.Replace(served, "resource:", "resource:\n  mig: {profile: 1g.10gb}", 1), "5:3: error: resource.mig: unknown field \"mig\" (write partition: {mode: mig"},
		"secret too high":   {strings.Replace(served, "{name: phi-4-mini-instruct}", "{name: phi-4-mini-instruct, modelAccessSecret: x}", 1), "(it stands in presetOptions)"},
		"retired":           {strings.Replace(served, "Standard_NC24ads_A100_v4", "Standard_NC12s_v3", 1), ""},
		"hf id":             {strings.Replace(served, "phi-4-mini-instruct", "microsoft/Phi-4-mini-instruct", 1), ""},
		"preferred nodes":   {strings.Replace(served, "resource:", "resource:\n  preferredNodes: [a]", 1), ""},
		"folded":            {strings.Replace(served, "{name: phi-4-mini-instruct}", "\n    name: >-\n      phi-4-mini-instruct", 1), ""},
	} {
		_, problems := problemsOf(t, tt.text, closed)
		if tt.want == "" && problems != "" || !strings.Contains(problems, tt.want) {
			t.Errorf("%s: want %q\n%s", name, tt.want, problems)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

const tuned = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
resource:
  labelSelector: {matchLabels: {app: tune}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: lora
  input: {name: data, urls: ["https://example.com/a"]}
  output: {image: example.com/out:1, imagePushSecret: push}
`

// TestSamples reads files that users derive from KAITO's samples of several years.
func TestSamples(t *testing.T) {
	checkArchived(t, "samples.txtar", func(string) workspace.Env { return workspace.Env{ClosedWorld: true} })
}

// TestDefaultConfigMap names a ConfigMap that KAITO's samples use by default: it is KAITO's own, unless the repository
// has one of that name.
func TestDefaultConfigMap(t *testing.T) {
	const own = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: qlora-params-template}
data: {training_config.yaml: 'training_config: {QuantizationConfig: {load_in_8bit: true}}'}
`
	withConfig := strings.Replace(tuned, "  method: lora\n", "  method: QLoRA\n  config: qlora-params-template\n", 1)
	closed := workspace.Env{ClosedWorld: true}
	set, problems := problemsOf(t, withConfig, closed)
	if problems != "" || set.Workspaces[0].Tuning.Config != "" {
		t.Errorf("the default ConfigMap: %q %s", set.Workspaces[0].Tuning.Config, problems)
	}
	set, problems = problemsOf(t, withConfig+own, closed)
	if problems != "" || set.Workspaces[0].Tuning.Config != "qlora-params-template" {
		t.Errorf("a ConfigMap of that name: %q %s", set.Workspaces[0].Tuning.Config, problems)
	}
}

// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func TestExistingNodes(t *testing.T) {
	checkArchived(t, "existing_nodes.txtar", func(string) workspace.Env {
		return workspace.Env{BYO: true, ClosedWorld: true, Size: sizeOf}
	})
}

func TestPartitionNeedsExistingNodes(t *testing.T) {
	const mig = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  partition: {mode: mig, profile: 3g.40gb}
  labelSelector: {matchLabels: {pool: gpu}}
inference: {preset: {name: phi-4}}
`
	if _, problems := problemsOf(t, mig, workspace.Env{}); !strings.Contains(problems, "only on existing nodes") {
		t.Error(problems)
	}
}

// TestMemoryOfSizes lists what KAITO's coarse rules say about a size that is named: nothing for vLLM in v1beta1.
func TestMemoryOfSizes(t *testing.T) {
	checkArchived(t, "memory_of_sizes.txtar", func(string) workspace.Env { return workspace.Env{Size: sizeOf} })
}

func TestReferences(t *testing.T) {
	inCluster := func(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }
	live := workspace.Facts{
		Secrets: map[workspace.Key]bool{inCluster("pusch"): true},
		Claims:  map[workspace.Key]bool{inCluster("data"): true},
		ConfigMaps: map[workspace.Key]map[string]string{
			inCluster("conf"): {"inference_config.yaml": "vllm: {max-model-len: 9999999}"},
		},
	}
	noClaims := workspace.Facts{Claims: map[workspace.Key]bool{}}
	noConfigMaps := workspace.Facts{ConfigMaps: map[workspace.Key]map[string]string{}}
	envs := map[string]workspace.Env{ // the other cases know nothing about the cluster
		"secret of the cluster":  {Facts: live},
		"claim of the cluster":   {Facts: workspace.Facts{Claims: live.Claims}},
		"claim, missing":         {Facts: noClaims},
		"config":                 {ClosedWorld: true},
		"config, missing":        {ClosedWorld: true},
		"config, close":          {ClosedWorld: true},
		"config of the cluster":  {Facts: live},
		"config, not in cluster": {Facts: noConfigMaps},
		"node class":             {NodeClasses: []string{"image-family-ubuntu"}},
	}
	used := map[string]bool{}
	checkArchived(t, "references.txtar", func(name string) workspace.Env {
		used[name] = true
		return envs[name]
	})
	for name := range envs {
		if !used[name] {
			t.Errorf("the archive has no case %q", name)
		}
	}
}

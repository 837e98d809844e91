// SPDX-License-Identifier: Apache-2.0

package sizes_test

import (
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/sizes"
)

// TestExistingNodes gives KAITO's arithmetic a file with nodes.
func TestExistingNodes(t *testing.T) {
	nodes := write(t, `apiVersion: v1
kind: List
items:
- kind: Node
  metadata:
    labels:
      apps: phi
      node.kubernetes.io/instance-type: Standard_NC24ads_A100_v4
      nvidia.com/gpu.product: NVIDIA-A100-80GB-PCIe
      nvidia.com/gpu.count: "1"
      nvidia.com/gpu.memory: "81920"
  status:
    conditions: [{type: Ready, status: "True"}]
- kind: Node
  metadata: {labels: {apps: phi}, deletionTimestamp: "2026-01-01T00:00:00Z"}
`)
	file := write(t, phi)
	size := func(e sizes.Existing) (nodes int, refused string, err error) {
		got, err := sizes.ByKAITO(reader(t, file), sizes.Request{Path: file, Existing: e})
		if err != nil {
			return 0, "", err
		}
		return got[0].Nodes, got[0].Error, nil
	}
	if n, refused, err := size(sizes.Existing{Nodes: nodes}); n != 1 || refused != "" || err != nil {
		t.Errorf("got %d nodes, %q, %v", n, refused, err)
	}
	if _, refused, err := size(sizes.Existing{MIG: "1g.10gb"}); refused == "" || err != nil {
		t.Errorf("a slice: got %q, %v, want an answer with an error", refused, err)
	}
	for want, file := range map[string]string{
		"no such file":     filepath.Join(t.TempDir(), "nowhere"),
		"file.yaml:1:1: ":  write(t, "a: ["),
		"cannot unmarshal": write(t, "metadata: 1"),
	} {
		if _, _, err := size(sizes.Existing{Nodes: file}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

// TestByKAITO: the arithmetic takes a Workspace or a preset, and refuses what cannot be read.
func TestByKAITO(t *testing.T) {
	file := write(t, phi)
	of, err := sizes.ByKAITO(reader(t, file), sizes.Request{Path: file})
	if err != nil {
		t.Fatal(err)
	}
	bare, err := sizes.ByKAITO(reader(t), sizes.Request{Preset: model(t, "phi-4-mini-instruct"), InstanceType: a100})
	if err != nil || len(bare) != 1 || bare[0].Nodes != of[0].Nodes || bare[0].Memory != of[0].Memory {
		t.Errorf("got %+v for the preset, %v, and %+v for the Workspace", bare, err, of)
	}
	wrong := write(t, strings.ReplaceAll(phi, "phi-4-mini-instruct", "phi-5"))
	got, err := sizes.ByKAITO(reader(t, wrong), sizes.Request{Path: wrong})
	if err != nil || len(got) != 1 || !strings.Contains(got[0].Error, `"phi-5"`) || got[0].Nodes != 0 {
		t.Errorf("a mistake: got %+v, %v", got, err)
	}
}

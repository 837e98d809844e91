// SPDX-License-Identifier: Apache-2.0

package nodelabel_test

import (
	"testing"

	"syncer.dev/syncer/internal/workspace/nodelabel"
)

func TestJudge(t *testing.T) {
	pool := nodelabel.Pool{
		Size:   "Standard_NC24ads_A100_v4",
		Arch:   "amd64",
		GPU:    "nvidia",
		OSSKU:  "Ubuntu",
		Region: "swedencentral",
		Zones:  []string{"2"},

		Cluster: "demo",
		Set:     "chat",
	}
	spot, anyZone := pool, pool
	spot.Spot, anyZone.Zones = true, nil
	for _, tt := range []struct {
		key, value string
		pool       nodelabel.Pool
		agrees     bool
	}{
		{"kubernetes.azure.com/agentpool", "gpu", pool, false},
		{"agentpool", "gpu", pool, false},
		{"agentpool", "", pool, false},
		{"kubernetes.azure.com/mode", "user", pool, true},
		{"kubernetes.azure.com/mode", "system", pool, false},
		{"kubernetes.azure.com/cluster", "MC_x", pool, false},
		{"kubernetes.azure.com/accelerator", "nvidia", pool, true},
		{"kubernetes.azure.com/scalesetpriority", "spot", pool, false},
		{"kubernetes.azure.com/scalesetpriority", "spot", spot, true},
		{"kubernetes.azure.com/os-sku", "AzureLinux", pool, false},
		{"kubernetes.io/os", "linux", pool, true},
		{"kubernetes.io/os", "windows", pool, false},
		{"kubernetes.io/arch", "arm64", pool, false},
		{"kubernetes.io/hostname", "node-1", pool, false},
		{"node.kubernetes.io/instance-type", "Standard_NC24ads_A100_v4", pool, true},
		{"node.kubernetes.io/instance-type", "standard_nc24ads_a100_v4", pool, false},
		{"node.kubernetes.io/instance-type", "Standard_NC24ads_A100_v4", nodelabel.Pool{}, false},
		{"topology.kubernetes.io/region", "swedencentral", pool, true},
		{"topology.kubernetes.io/region", "westeurope", pool, false},
		{"topology.kubernetes.io/zone", "swedencentral-2", pool, true},
		{"topology.kubernetes.io/zone", "swedencentral-1", pool, false},
		{"topology.kubernetes.io/zone", "swedencentral-2", anyZone, false},
		{"node-role.kubernetes.io/agent", "", pool, false},
		{"syncer.dev/cluster", "demo", pool, true},
		{"syncer.dev/cluster", "other", pool, false},
		{"syncer.dev/cluster", "demo", nodelabel.Pool{}, false},
		{"syncer.dev/pool", "shared", pool, false},
		{"syncer.dev/mine", "x", pool, false},
		{"inferenceset.kaito.sh/created-by", "chat", pool, true},
		{"inferenceset.kaito.sh/created-by", "other", pool, false},
		{"inferenceset.kaito.sh/created-by", "", nodelabel.Pool{}, false},
		{"feature.node.kubernetes.io/cpu", "x", pool, false},
	} {
		if !nodelabel.Owned(tt.key) {
			t.Errorf("%s is not Owned", tt.key)
		}
		fault := nodelabel.Judge(tt.key, tt.value, tt.pool)
		if (fault == nil) != tt.agrees {
			t.Errorf("%s=%s on %+v: %+v", tt.key, tt.value, tt.pool, fault)
		}
		if fault != nil && (fault.Why == "" || fault.Hint == "") {
			t.Errorf("%s=%s: no words: %+v", tt.key, tt.value, fault)
		}
	}
	for _, key := range []string{
		"app", "example.com/gpu", "node.kubernetes.io/mine", "kubelet.kubernetes.io/mine", "notkubernetes.io/x",
		"nvidia.com/gpu.product", "accelerator", "karpenter.sh/nodepool",
	} {
		if nodelabel.Owned(key) {
			t.Errorf("%s is Owned", key)
		}
	}
}

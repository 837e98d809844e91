// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

// TestPool validates Workspaces for agent pools of AKS, or for existing nodes where the name of the case says so.
func TestPool(t *testing.T) {
	checkArchived(t, "pool.txtar", func(name string) workspace.Env {
		if strings.HasSuffix(name, "byo") {
			return workspace.Env{BYO: true}
		}
		return workspace.Env{
			Pool: &workspace.PoolFacts{Cluster: "demo", Region: "swedencentral"},
			Hardware: func(name string) (workspace.Hardware, bool) {
				return workspace.Hardware{Name: "Standard_NC24ads_A100_v4", Arch: "amd64", GPU: "nvidia"},
					strings.EqualFold(name, "Standard_NC24ads_A100_v4")
			},
			NearSize: func(string) string { return "Standard_NC24ads_A100_v4" },
		}
	})
}

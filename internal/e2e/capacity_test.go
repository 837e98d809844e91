// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/status"
)

// capacityFile is the recorded capacity.yaml: pools and unavailable offerings.
func (e *env) capacityFile() (pools, unavailable string) {
	out, _ := exec.Command("git", "-C", e.repo.Dir, "show", "syncer/status:status/"+clusterName+"/capacity.yaml").Output()
	pools, unavailable, _ = strings.Cut(string(out), "unavailable:")
	return pools, unavailable
}

// TestAnotherSize lets Azure run out of the cheapest size after it has accepted the pool: syncer serves the Workspace
// without a named size on another, deletes the failed pool, and reads the unavailable offering after a kill.
func TestAnotherSize(t *testing.T) {
	e := setup(t)
	const cheapest = "Standard_NV36ads_A10_v5"
	e.azure.Behave(
		cheapest,
		armsim.Behaviour{
			Fails:   "CreateVMSSAgentPoolFailed",
			Message: "failed",
			Details: []armsim.Detail{{Code: "AllocationFailed", Message: "none left"}},
		},
	)
	e.repo.Commit(
		map[string]string{
			"workspaces/phi.yaml": strings.Replace(
				inference("phi", "phi-4-mini-instruct"),
				"  instanceType: Standard_NC24ads_A100_v4\n",
				"",
				1,
			),
		},
		"serve phi",
	)
	p := e.start("run")
	r := e.waitState("phi", status.Ready)
	if r.InstanceType == cheapest || len(r.Pools) != 1 || len(e.gpuNodes()) != 1 {
		t.Errorf("on %s, pools %+v, %d nodes", r.InstanceType, r.Pools, len(e.gpuNodes()))
	}
	e.eventually("it to be recorded", func() string {
		if _, text := e.capacityFile(); !contains(text, "reason: Azure has no "+cheapest) {
			return "recorded is" + text
		}
		return ""
	})
	e.eventually("the pool that failed to go", func() string {
		if pools, _ := e.capacityFile(); strings.Contains(pools, cheapest) {
			return pools
		}
		return ""
	})
	p.kill()
	e.azure.Heal()
	writes := e.azure.Writes()
	_, recorded := e.capacityFile()
	if code := e.start("run", "--wait").ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, now := e.capacityFile(); e.azure.Writes() != writes || now != recorded {
		t.Errorf("a restart wrote %d times to Azure; unavailable was\n%s\nand is\n%s", e.azure.Writes()-writes, recorded, now)
	}
}

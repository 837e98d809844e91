// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"regexp"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/status"
)

var accept = regexp.MustCompile(`Syncer-Accept-Plan: ([0-9a-f]+)`)

// TestGiteaRequire holds what was not reviewed, without a write to Azure or the cluster, until a commit accepts it.
// What a pull request has shown needs no acceptance.
func TestGiteaRequire(t *testing.T) {
	f := setupForge(t)
	f.configure("review: {interval: 1s, forge: gitea, tokenFile: %TOKEN%}\npolicy: {review: {verdict: require}}")
	f.start("run")
	var digest string
	f.eventually("phi to be held", func() string {
		out, err := exec.Command("git", "-C", f.recorded, "show",
			"syncer/status:status/"+clusterName+"/default/phi.yaml").Output()
		if err != nil {
			return "not recorded"
		}
		m := accept.FindSubmatch(out)
		if m == nil {
			return string(out)
		}
		digest = string(m[1])
		return ""
	})
	if n := f.azure.Writes(); n != 0 {
		t.Errorf("%d writes to Azure for what is held", n)
	}
	if objects := f.ours(); len(objects) > 0 {
		t.Errorf("objects of what is held: %v", objects)
	}

	f.models.Pull(gittest.Main)
	f.models.Commit(map[string]string{"README.md": "accepted\n"}, "Serve phi as it is\n\nSyncer-Accept-Plan: "+digest)
	f.models.Push(gittest.Main)
	f.waitState("phi", status.Ready)

	number, head := f.propose("other")
	f.reviewed(number, head, "success", "other")
	f.merges("other", number, "squash")
}

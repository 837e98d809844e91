// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestHintsOfADaemon lets the Git server answer with a page to sign in: the log and /readyz say what it is and what to
// do.
func TestHintsOfADaemon(t *testing.T) {
	repo := apptest.Repository(t)
	repo.SetFaults(gittest.Faults{SignIn: "/users/sign_in"})
	c, _ := apptest.OnAKS(t, apptest.Config(t, repo.URL()))
	log := &logged{}
	d := newDaemon(t, c, log)
	start(t, d)
	var ready string
	eventually(t, "/readyz has the hint", func() bool {
		_, ready = get(t, d, "/readyz")
		return strings.Contains(ready, "[-]git: ") && strings.Contains(ready, "hint: check the credentials and the URL")
	})
	if !strings.Contains(ready, "a web page") || !strings.Contains(ready, "instead of Git") {
		t.Errorf("/readyz: %s", ready)
	}
	eventually(t, "the log has it", func() bool { return log.count(`hint="check the credentials and the URL`) == 1 })
}

// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"io/fs"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
)

func TestPlanCommits(t *testing.T) {
	r := apptest.Repository(t)
	first := r.Head(gittest.Main)
	larger := strings.Replace(apptest.Phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1)
	r.Commit(map[string]string{"workspaces/phi.yaml": larger}, "two")
	c := apptest.Config(t, r.Dir)
	c.Capacity.Mode, c.Capacity.AKS.Location = config.ModeAKS, "eastus"
	p, err := compare.Commits(t.Context(), c, compare.Request{Repository: r.Dir, Base: first, Head: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Workspaces) != 1 || p.Workspaces[0].InstanceType != "Standard_NC40ads_H100_v5" {
		t.Errorf("plan: %+v", p.Workspaces)
	}
	for _, names := range [][2]string{{"nosuch", "main"}, {"main", "nosuch"}} {
		_, err := compare.Commits(t.Context(), c, compare.Request{Repository: r.Dir, Base: names[0], Head: names[1]})
		apptest.WantError(t, err, "look up the commit: resolve \"nosuch\"")
	}
	elsewhere := compare.Request{Repository: "ftp://example.com/x", Base: "main", Head: "main"}
	_, err = compare.Commits(t.Context(), c, elsewhere)
	apptest.WantError(t, err, "ftp")
}

func TestTreeAt(t *testing.T) {
	r := apptest.Repository(t)
	c := apptest.Config(t, r.Dir)
	files, err := compare.TreeAt(t.Context(), c, r.Dir, "main")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(files, "workspaces/phi.yaml"); err != nil || string(text) != apptest.Phi {
		t.Errorf("%q, %v", text, err)
	}
	_, err = compare.TreeAt(t.Context(), c, r.Dir, "nosuch")
	apptest.WantError(t, err, "nosuch")
}

// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"syncer.dev/syncer/internal/desired"
)

// TestModelText: the plan says which model is not pinned, or runs code of its repository, and nothing of others.
func TestModelText(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for want, m := range map[string]desired.Model{
		"":                                   {Repo: "team/m", Revision: commit},
		"team/m: unpinned":                   {Repo: "team/m", Revision: desired.Unpinned},
		"team/m: unpinned, runs remote code": {Repo: "team/m", Revision: desired.Unpinned, RemoteCode: true},
		"team/m: runs remote code":           {Repo: "team/m", RemoteCode: true},
		"team/m at 0123456789ab: runs remote code": {Repo: "team/m", Revision: commit, RemoteCode: true},
	} {
		if got := modelText(m); got != want {
			t.Errorf("%+v: %q, want %q", m, got, want)
		}
	}
}
